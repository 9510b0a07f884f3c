# Sourced before each process of the app starts.
export PATH="/app/.heroku/node/bin:$PATH:/app/node_modules/.bin"
export NODE_ENV="${NODE_ENV:-production}"
export NODE_HOME=/app/.heroku/node
export WEB_CONCURRENCY="${WEB_CONCURRENCY:-1}"
