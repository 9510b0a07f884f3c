'use strict';
/*
 * node configure.js BUILD_DIR OUTPUT: writes the nginx configuration of a static site.
 *
 * static.json, all optional: root (folder to serve), clean_urls (default true), error_page (default 404.html),
 * routes ({"/**": "index.html"} for single-page apps).
 */
const { existsSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const { join, posix } = require('node:path');

const [build, output] = process.argv.slice(2);

function refuse(...lines) {
  for (const line of lines) process.stdout.write(` !     ${line}\n`);
  process.exit(1);
}

function readSettings() {
  const file = join(build, 'static.json');
  if (!existsSync(file)) return {};
  try {
    const value = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
    return refuse('static.json is not an object.');
  } catch (err) {
    return refuse(`static.json is not valid JSON: ${err.message.split('\n')[0]}`);
  }
}

/** Only these characters go into the configuration, none of which means anything to nginx. */
function plainPath(value, key) {
  const path = typeof value === 'string' ? posix.normalize(`/${value}`).replace(/\/+$/, '') : '!';
  if (!/^(?:\/[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*)*$/.test(path)) refuse(`static.json: ${key} may hold letters, digits and ._@+-/ only.`);
  return path;
}

const settings = readSettings();
const folder = settings.root === undefined ? (existsSync(join(build, 'public', 'index.html')) ? '/public' : '') : plainPath(settings.root, 'root');
const root = join(build, folder);
if (!existsSync(root) || !statSync(root).isDirectory()) refuse(`static.json: the root folder "${settings.root}" is not in the repository.`);

const routes = settings.routes !== null && typeof settings.routes === 'object' ? Object.entries(settings.routes) : [];
let fallback = '=404';
for (const [pattern, target] of routes) {
  if (pattern === '/**' || pattern === '/*') fallback = plainPath(target, 'routes');
  else process.stdout.write(` !     static.json: the route ${JSON.stringify(pattern).slice(0, 80)} is not supported and is ignored; "/**" is.\n`);
}
const clean = settings.clean_urls !== false;
const error = plainPath(settings.error_page ?? '404.html', 'error_page');
const hasError = existsSync(join(root, error));
process.stdout.write(`       Serving ${folder === '' ? 'the repository' : folder.slice(1)}${clean ? ', with clean URLs' : ''}\n`);

// Below the root of a repository lie files that are not part of the site.
const hidden = folder === '' ? 'location ~ ^/(?:static\\.json|app\\.json|Procfile|package(?:-lock)?\\.json)$ { return 404; }' : '';

writeFileSync(
  output,
  `# Made by the static buildpack.
worker_processes 1;
daemon off;
pid /tmp/nginx.pid;
error_log stderr warn;
worker_shutdown_timeout 25s;
events { worker_connections 2048; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  charset utf-8;
  access_log off;
  server_tokens off;
  absolute_redirect off;
  sendfile on;
  tcp_nopush on;
  # Longer than the router keeps an idle connection, so that it is never us who hangs up on a request.
  keepalive_timeout 75s;
  client_max_body_size 1m;
  client_body_temp_path /tmp/nginx-body;
  proxy_temp_path /tmp/nginx-proxy;
  fastcgi_temp_path /tmp/nginx-fastcgi;
  uwsgi_temp_path /tmp/nginx-uwsgi;
  scgi_temp_path /tmp/nginx-scgi;
  gzip on;
  gzip_vary on;
  gzip_proxied any;
  gzip_min_length 1024;
  gzip_types text/plain text/css text/javascript application/javascript application/json application/xml image/svg+xml application/manifest+json;
  # Names that carry a hash of their content never change; all others are asked for again, and answered 304.
  map $uri $cache {
    default "no-cache";
    "~[.-][0-9a-zA-Z_-]*[0-9][0-9a-zA-Z_-]{7,}\\.(?:js|mjs|css|woff2?|png|jpe?g|webp|avif|gif|svg|map)$" "public, max-age=31536000, immutable";
  }
  server {
    listen @PORT@;
    root /app${folder};
    index index.html;
    ${hasError ? `error_page 404 ${error};` : ''}
    add_header Cache-Control $cache;
    add_header X-Content-Type-Options nosniff;
    location ~ /\\.(?!well-known(?:/|$)) { return 404; }
    ${hidden}
    location / { try_files $uri ${clean ? '$uri.html ' : ''}$uri/index.html ${fallback}; }
  }
}
`,
);
