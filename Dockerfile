FROM python:3.11-slim-trixie
# For backups: pg_dump may not be older than the server.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
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
