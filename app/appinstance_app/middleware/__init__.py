"""Pure ASGI middlewares: Starlette's BaseHTTPMiddleware would lose context variables."""
