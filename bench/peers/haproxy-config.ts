/** HAProxy as a plain reverse proxy: one thread, upstream connections shared, nothing logged. */
export const haproxyConfig = (port: number, upstreamPort: number): string => `global
  nbthread 1
  maxconn 4096

defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout http-keep-alive 30s
  option http-keep-alive
  http-reuse always

frontend inbound
  bind 127.0.0.1:${port}
  default_backend upstream

backend upstream
  server service 127.0.0.1:${upstreamPort}
`;
