# shellcheck shell=bash
# Redis 7 of Debian, with its own configuration.

define_redis() {
    mkdir -p "$CARTWRIGHT_HOME/redis"
    render redis/redis.conf "$CARTWRIGHT_HOME/etc/redis.conf"
    define_service redis <<RUN
exec '$CARTWRIGHT_HOME/bin/become' redis /usr/bin/redis-server '$CARTWRIGHT_HOME/etc/redis.conf'
RUN
}

redis_answers() {
    [ "$(redis-cli -h 127.0.0.1 -p "$(service_port redis)" ping 2>/dev/null)" = PONG ]
}

start_redis() {
    start_service redis
    wait_until 60 redis_answers || die 'Redis does not answer'
}
