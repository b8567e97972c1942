"""The scorer on EMR Serverless: submitted, looked at, stopped, and examined before it is trusted."""
