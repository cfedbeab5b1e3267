"""Starts the real origins: nginx, Apache, node, aiohttp, h11 and Hummingbird. Each start returns a port."""

import os

import harness

# Behind this prefix every origin has the same files.
FILES = "/files"
ROOT = os.geteuid() == 0


def make_files(run):
    """The folder that nginx and Apache serve, with fixed times."""
    folder = run.folder / "files"
    if folder.exists():
        return folder
    folder.mkdir()
    (folder / "folder").mkdir()
    (folder / "empty.txt").write_bytes(b"")
    (folder / "small.txt").write_bytes(b"a small file\n")
    (folder / "large.bin").write_bytes(bytes(index * 7 & 255 for index in range(300_000)))
    (folder / "page.html").write_bytes(b"<p>" + b"repeated text " * 3000)
    for path in [*folder.iterdir(), folder]:
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


NGINX = """
{modules}
{user}
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.error warn;
events {{ worker_connections 4096; }}
http {{
    access_log off; default_type application/octet-stream; server_tokens off;
    types {{ text/html html; text/plain txt; text/event-stream sse; }}
    client_max_body_size 0; large_client_header_buffers 8 64k; client_body_buffer_size 256k;
    keepalive_requests 100000; gzip on; gzip_proxied any; gzip_types text/plain; sendfile on;
    client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi; uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        absolute_redirect off;
        location {files}/ {{ alias {folder}/files/; dav_methods PUT DELETE; }}
        location /small/ {{ alias {folder}/put/; client_max_body_size 1m; dav_methods PUT; }}
        location /none {{ return 204; }}
        location /twice {{ add_header A 1; add_header A "2, 3"; add_header Empty ""; return 200 "twice\\n"; }}
        location /moved {{ return 301 /files/small.txt; }}
        location /put/ {{ alias {folder}/put/; dav_methods PUT DELETE; create_full_put_path on; }}
        location / {{ {echo} }}
    }}
}}
"""
ECHO = """default_type text/plain; echo_read_request_body;
            echo "$request_method $request_uri"; echo $echo_client_request_headers;
            echo "[body]"; echo_request_body;"""


def nginx_echoes():
    return os.path.exists("/usr/lib/nginx/modules/ngx_http_echo_module.so")


def nginx(run, echo=False):
    if echo and not nginx_echoes():
        raise harness.Skip("libnginx-mod-http-echo is not installed")
    make_files(run)
    (run.folder / "put").mkdir(exist_ok=True)
    port = harness.free_port()
    path = run.folder / "nginx.conf"
    path.write_text(NGINX.format(port=port, folder=run.folder, files=FILES,
        modules="load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;" if echo else "",
        user="user root;" if ROOT else "", echo=ECHO if echo else "return 404;"))
    run.serve(["nginx", "-p", run.folder, "-c", path], port)
    return port


APACHE = """
ServerName origin.example
Listen 127.0.0.1:{port}
{modules}
{user}
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
ErrorLog {folder}/apache.error
LogLevel warn
ServerTokens Prod
TraceEnable Off
Timeout 30
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 30
LimitRequestLine 32000
LimitRequestFieldSize 65536
LimitRequestFields 250
StartServers 1
ThreadsPerChild 25
MaxRequestWorkers 100
AcceptPathInfo On
AllowEncodedSlashes NoDecode
TypesConfig /dev/null
AddType text/plain .txt
AddType text/html .html
Alias {files}/ {folder}/files/
ScriptAlias /git/ {git}/
ScriptAliasMatch "^/(?!files/|git/)" {script}
SetEnv GIT_PROJECT_ROOT {folder}/git
SetEnv GIT_HTTP_EXPORT_ALL 1
SetEnv REMOTE_USER tester
SetEnv GIT_CONFIG_COUNT 1
SetEnv GIT_CONFIG_KEY_0 safe.directory
SetEnv GIT_CONFIG_VALUE_0 *
<Directory />
    Require all granted
    Options None
</Directory>
"""
APACHE_MODULES = ["mpm_event", "authz_core", "alias", "mime", "dir", "cgid", "env", "unixd"]
APACHE_PLACE = "/usr/lib/apache2/modules"
GIT_BACKEND = "/usr/lib/git-core/git-http-backend"


def apache(run):
    make_files(run)
    port = harness.free_port()
    script = run.folder / "echo.cgi"
    text = (harness.HERE / "apache_origin.py").read_text()
    script.write_text(f"#!{harness.PYTHON} -IS\n{text}")
    script.chmod(0o755)
    built_in = run.call(["apache2", "-l"]).decode()
    modules = "\n".join(f"LoadModule {name}_module {APACHE_PLACE}/mod_{name}.so" for name in APACHE_MODULES
        if f"mod_{name}.c" not in built_in and os.path.exists(f"{APACHE_PLACE}/mod_{name}.so"))
    user = "User www-data\nGroup www-data" if ROOT else ""
    path = run.folder / "apache.conf"
    path.write_text(APACHE.format(port=port, folder=run.folder, files=FILES, modules=modules, user=user,
        script=script, git=GIT_BACKEND) + f"ScriptSock {run.folder}/cgid.sock\n")
    run.serve(["apache2", "-d", run.folder, "-f", path, "-DFOREGROUND"], port)
    return port


def node(run):
    port = harness.free_port()
    script = harness.HERE / "node_origin.js"
    run.serve(["node", "--max-http-header-size=131072", script, port], port)
    return port


def aiohttp(run):
    port = harness.free_port()
    run.serve([harness.PYTHON, harness.HERE / "aiohttp_origin.py", port], port)
    return port


def h11(run):
    port = harness.free_port()
    run.serve([harness.PYTHON, harness.HERE / "h11_origin.py", port], port)
    return port


def hummingbird(run):
    program = harness.HERE.parent.parent / ".build-hummingbird" / "release" / "hummingbird-origin"
    if not program.exists():
        raise harness.Skip("`make hummingbird` builds it, in some minutes")
    port = harness.free_port()
    run.serve([program, port], port)
    return port
