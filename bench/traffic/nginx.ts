/** Configuration of the nginx that answers the bench's load generator. */

/** Text that repeats a sentence up to `length` characters. */
function filler(length: number): string {
  const sentence = 'the quick brown fox jumps over the lazy dog and buys two of each; ';
  return sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length);
}

/** A body of about `length` bytes whose first member is the number in the target. */
function body(length: number): string {
  return `{"number":$1,"text":"${filler(Math.max(0, length - 28))}"}`;
}

/**
 * One worker, everything in `folder`, listening on 127.0.0.1:`port`. The access log has a line per
 * exchange answered: it is the truth that captures are compared with.
 */
export function nginxConfiguration(folder: string, port: number, accessLog: boolean): string {
  return `
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log error;
events { worker_connections 4096; }
http {
  log_format short '$request_method $uri $status';
  access_log ${accessLog ? `${folder}/access.log short buffer=1m flush=1s` : 'off'};
  client_body_temp_path ${folder}/client;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  default_type application/json;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  tcp_nodelay on;
  add_header Cache-Control "no-store, max-age=0" always;
  add_header X-Content-Type-Options nosniff always;
  add_header X-Request-Number $request_id always;
  gzip_types application/json;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/api/users/(\\d+)$ {
      if ($request_method = PUT) { return 200 '{"number":$1,"updated":true}'; }
      return 200 '${body(105)}';
    }
    location ~ ^/api/orders/(\\d+)$ {
      if ($request_method = POST) { add_header Location /api/orders/$1; return 201 '{"number":$1,"created":true}'; }
      if ($request_method = DELETE) { return 204; }
      return 200 '${body(316)}';
    }
    location ~ ^/pages/(\\d+)$ { return 200 '${body(1000)}'; }
    location ~ ^/reports/(\\d+)$ { gzip on; gzip_comp_level 1; return 200 '${body(2000)}'; }
    location ~ ^/large/(\\d+)$ { return 200 '${body(4000)}'; }
    # Substitution makes the length unknown, hence chunked.
    location ~ ^/stream/(\\d+)$ {
      sub_filter_types application/json;
      sub_filter 'lazy' 'idle';
      return 200 '${body(240)}';
    }
    location ~ ^/missing/(\\d+)$ { return 404 '{"number":$1,"error":"no such thing"}'; }
  }
}
`;
}
