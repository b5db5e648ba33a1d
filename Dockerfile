FROM python:3.11-slim
WORKDIR /frontdesk
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY bot bot
COPY flows flows
COPY wsgi.py worker.py ./
RUN useradd --create-home frontdesk && install -d -o frontdesk /frontdesk/var
USER frontdesk
ENV HOST=0.0.0.0
VOLUME /frontdesk/var
EXPOSE 8000 8001
CMD ["python", "-m", "bot", "run"]
