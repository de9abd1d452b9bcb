#!/bin/sh
# Writes docker/secrets/: random passwords and a self-signed certificate to start with. Keeps what is there.
#
#   sh docker/prepare.sh gateway.example.com
#
# The folder is for its owner alone. The files inside are world readable, because compose mounts them as they
# are and the container's user has another number; nobody else gets past the folder.
set -eu
host=${1:-localhost}
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
for name in store_password shop_reader_password shop_writer_password; do
    [ -s "secrets/$name" ] || openssl rand -hex 24 | tr -d '\n' >"secrets/$name"
done
if [ ! -s secrets/tls_key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \
        -keyout secrets/tls_key -out secrets/tls_certificate \
        -subj "/CN=$host" -addext "subjectAltName=DNS:$host" 2>/dev/null
fi
chmod 0444 secrets/*
echo "docker/secrets/ is ready. Put the passwords of warded_reader and warded_writer of your database into"
echo "shop_reader_password and shop_writer_password, and your own certificate into tls_certificate and tls_key."
