#!/bin/sh
# An authority of this stack's own, a certificate for each server, and the broker administrator's password, in
# /certificates or the folder that is given. What is there stays; a certificate that ends within a month is made anew at the next start.
set -eu
umask 077
cd "${1:-/certificates}"
mkdir -p private authority kafka postgres administrator

if [ ! -s private/authority.key ]; then
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private/new.key
    openssl req -new -x509 -key private/new.key -days 3650 -subj "/CN=fraudstream authority" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -out authority/authority.pem
    mv private/new.key private/authority.key
    rm -f kafka/server.crt postgres/server.crt
fi

# certify NAME: a key and a certificate for whoever is reached as NAME in this network, or as localhost from outside
certify() {
    if openssl x509 -noout -checkend 2592000 -in "$1/server.crt" >/dev/null 2>&1; then return; fi
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1/server.key" -subj "/CN=$1" \
        -addext "subjectAltName=DNS:$1,DNS:localhost,IP:127.0.0.1" -addext "extendedKeyUsage=serverAuth" \
        -out "private/$1.csr"
    openssl x509 -req -in "private/$1.csr" -CA authority/authority.pem -CAkey private/authority.key -days 365 \
        -copy_extensions copy -out "$1/server.crt"
}
certify kafka
certify postgres
cat kafka/server.key kafka/server.crt authority/authority.pem >kafka/keystore.pem
[ -s administrator/kafka-password ] || openssl rand -hex 32 >administrator/kafka-password
cp authority/authority.pem administrator/kafka-password kafka/

# Servers and the administrator read their own folder as members of group 0; everybody may know the authority.
chmod 750 kafka postgres administrator
chmod 640 kafka/* postgres/* administrator/*
chmod 755 authority
chmod 444 authority/authority.pem
