import { spawn, type ChildProcess } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../support/until.ts';

const nginxConfig = (folder: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/tmp;
  proxy_temp_path ${folder}/tmp;
  fastcgi_temp_path ${folder}/tmp;
  uwsgi_temp_path ${folder}/tmp;
  scgi_temp_path ${folder}/tmp;
  large_client_header_buffers 8 64k;
  client_max_body_size 0;
  upstream recorder { server unix:${folder}/recorder.sock; keepalive 32; }
  server {
    listen unix:${folder}/nginx.sock;
    location / {
      proxy_pass http://recorder;
      proxy_http_version 1.1;
      proxy_method POST;
      proxy_set_header Connection "";
      proxy_set_header Host recorder;
      proxy_set_header Expect "";
      proxy_set_header x-read-method $request_method;
      proxy_set_header x-read-target $request_uri;
      proxy_set_header x-read-host $http_host;
    }
  }
}
`;

const haproxyConfig = (folder: string): string => `
global
  maxconn 4000
  tune.bufsize 65536
defaults
  mode http
  option http-buffer-request
  timeout client 20s
  timeout server 20s
  timeout connect 20s
  timeout http-request 20s
frontend read
  bind unix@${folder}/haproxy.sock
  http-request return status 200 hdr x-read "%[method]|%[url,hex,lower]|%[req.fhdr(host),hex,lower]|%[req.body,hex,lower]"
`;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Starts nginx or HAProxy on a Unix socket in `folder`, and waits for that. */
export async function startProgram(program: 'nginx' | 'haproxy', folder: string): Promise<ChildProcess> {
  const path = join(folder, `${program}.conf`);
  await mkdir(join(folder, 'tmp'), { recursive: true });
  await writeFile(path, program === 'nginx' ? nginxConfig(folder) : haproxyConfig(folder));
  const args = program === 'nginx' ? ['-c', path, '-p', folder] : ['-db', '-f', path];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
  await until(`${program} listens: ${output}`, async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`);
    return exists(join(folder, `${program}.sock`));
  });
  return child;
}
