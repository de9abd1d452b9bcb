#!/bin/sh
# Writes docker/secrets/: random passwords and a self-signed certificate to start with. Keeps what is there.
#
#   sudo sh docker/prepare.sh gateway.example.com
#
# Compose mounts these files as they are, and Warded refuses a secret that everybody can read. So they belong to the
# container's user (10001) alone, which only root can arrange. The database's image reads its copy as user 999.
set -eu
if [ "$(id -u)" != 0 ]; then
    echo "Run it as root: the secrets are given to the container's user." >&2
    exit 1
fi
host=${1:-localhost}
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
for name in store_password shop_reader_password shop_writer_password; do
    [ -s "secrets/$name" ] || openssl rand -hex 24 | tr -d '\n' >"secrets/$name"
done
cp secrets/store_password secrets/store_server_password
if [ ! -s secrets/tls_key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \
        -keyout secrets/tls_key -out secrets/tls_certificate \
        -subj "/CN=$host" -addext "subjectAltName=DNS:$host" 2>/dev/null
fi
chmod 0400 secrets/*
chown 10001:10001 secrets/*
chown 999:999 secrets/store_server_password
echo "docker/secrets/ is ready. Put the passwords of warded_reader and warded_writer of your database into"
echo "shop_reader_password and shop_writer_password, and your own certificate into tls_certificate and tls_key."
