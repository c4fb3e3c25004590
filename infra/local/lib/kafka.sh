# shellcheck shell=bash
# A Kafka broker in KRaft mode, run from jars that Maven fetched once for all homes.

kafka_version() {
    sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$LOCAL/kafka/pom.xml"
}

kafka_jars() {
    printf '%s/kafka-%s' "$CARTWRIGHT_CACHE" "$(kafka_version)"
}

# Debian's Java 17, whatever comes first on PATH.
java_home() {
    local java
    for java in /usr/lib/jvm/java-17-openjdk-*/bin/java; do
        [ -x "$java" ] || die 'no /usr/lib/jvm/java-17-openjdk-*/bin/java: install openjdk-17-jre-headless'
        printf '%s' "${java%/bin/java}"
        return
    done
}

# The folder keeps the pom it was made from: another one means other jars.
fetch_kafka() (
    jars=$(kafka_jars)
    mkdir -p "$CARTWRIGHT_CACHE"
    exec 8>"$CARTWRIGHT_CACHE/lock"
    flock --wait 1800 8 || die "another download has held $CARTWRIGHT_CACHE/lock for half an hour"
    ! cmp --silent "$LOCAL/kafka/pom.xml" "$jars/pom.xml" || exit 0
    work=$(mktemp -d "$CARTWRIGHT_CACHE/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    JAVA_HOME=$(java_home) /usr/bin/mvn --batch-mode --no-transfer-progress --file "$LOCAL/kafka/pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/jars" </dev/null
    cp "$LOCAL/kafka/pom.xml" "$work/jars/"
    [ ! -e "$jars" ] || mv "$jars" "$work/old"
    mv "$work/jars" "$jars"
)

# 16 random bytes as Kafka writes them; a leading dash would look like an option.
random_cluster_id() {
    head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c 1-22
}

format_kafka() {
    [ ! -e "$CARTWRIGHT_HOME/kafka/meta.properties" ] || return 0
    "$(java_home)/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$LOCAL/kafka:$(kafka_jars)/*" \
        kafka.tools.StorageTool format --ignore-formatted --cluster-id "$(random_cluster_id)" \
        --config "$CARTWRIGHT_HOME/etc/kafka.properties"
}

define_kafka() {
    render kafka/server.properties "$CARTWRIGHT_HOME/etc/kafka.properties"
    mkdir -p "$CARTWRIGHT_HOME/kafka" "$CARTWRIGHT_HOME/etc/kafka"
    copy_file 600 "$LOCAL/kafka/simplelogger.properties" "$CARTWRIGHT_HOME/etc/kafka/simplelogger.properties"
    define_service kafka <<RUN
exec '$CARTWRIGHT_HOME/bin/become' kafka '$(java_home)/bin/java' -Xms256m -Xmx512m -XX:+UseSerialGC \\
    -XX:+ExitOnOutOfMemoryError -cp '$CARTWRIGHT_HOME/etc/kafka:$(kafka_jars)/*' \\
    kafka.Kafka '$CARTWRIGHT_HOME/etc/kafka.properties'
RUN
}

# Asks for metadata (version 1, no topics): a broker that is ready to serve names itself in the answer.
kafka_answers() {
    local brokers
    brokers=$(
        {
            exec 5<>"/dev/tcp/127.0.0.1/$(service_port kafka)"
            printf '\0\0\0\x0e\0\x03\0\x01\0\0\0\x01\xff\xff\0\0\0\0' >&5
            timeout 2 head -c 12 <&5 | od --address-radix=n --format=u1 --skip-bytes=11
        } 2>/dev/null
    ) || return 1
    [ "${brokers// /}" = 1 ]
}

start_kafka() {
    fetch_kafka
    format_kafka
    start_service kafka
    wait_until 60 kafka_answers || die 'Kafka does not answer'
}
