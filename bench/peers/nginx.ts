import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Surroundings } from './peer.ts';

/** nginx as a plain reverse proxy: one process, upstream connections kept, nothing logged and nothing spilt to disk. */
export function nginx({ port, upstreamPort, folder }: Surroundings): string[] {
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, config(port, upstreamPort, folder));
  return ['nginx', '-p', folder, '-c', file];
}

const config = (port: number, upstreamPort: number, folder: string): string => `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;

events { worker_connections 10240; }

http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_max_temp_file_size 0;
  keepalive_timeout 60s;
  keepalive_requests 1000000000;

  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' '';
  }

  upstream service {
    server 127.0.0.1:${upstreamPort};
    keepalive 256;
    keepalive_requests 1000000000;
  }

  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
`;
