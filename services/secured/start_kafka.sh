#!/bin/sh
# The broker of server.properties with TLS and SCRAM on both listeners, and rights for whoever has a name.
set -eu
umask 077
given=/etc/fraudstream/server.properties secured=/tmp/server.properties certificates=/run/certificates
password=$(cat "$certificates/kafka-password")
scram="org.apache.kafka.common.security.scram.ScramLoginModule required"

grep -v '^listener.security.protocol.map=' "$given" >"$secured"
cat >>"$secured" <<TEXT

# CONTROLLER is the broker's own, on loopback: ANONYMOUS comes in by it alone.
listener.security.protocol.map=INTERNAL:SASL_SSL,EXTERNAL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.internal.scram-sha-512.sasl.jaas.config=$scram username="admin" password="$password";
listener.name.external.scram-sha-512.sasl.jaas.config=$scram;
ssl.keystore.type=PEM
ssl.keystore.location=$certificates/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location=$certificates/authority.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
allow.everyone.if.no.acl.found=false
TEXT

/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id=fraudstreamfraudstream --config "$secured" \
    --add-scram "SCRAM-SHA-512=[name=admin,password=$password]"
exec /opt/kafka/bin/kafka-server-start.sh "$secured" \
    --override "advertised.listeners=INTERNAL://kafka:19092,EXTERNAL://localhost:$ADVERTISED_PORT"
