"""What we send to Twilio, and what our own endpoint answers, before a judge that knows neither of us."""
