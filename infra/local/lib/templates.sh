# shellcheck shell=bash
# Checked-in configuration with @WORDS@ for what differs between homes.

# render TEMPLATE PATH
render() {
    local text
    text=$(<"$LOCAL/$1")
    text=${text//@HOME@/"$CARTWRIGHT_HOME"}
    text=${text//@POSTGRESQL_PORT@/"$(service_port postgresql)"}
    text=${text//@REDIS_PORT@/"$(service_port redis)"}
    text=${text//@KAFKA_PORT@/"$(service_port kafka)"}
    text=${text//@CONTROLLER_PORT@/"$((KAFKA_CONTROLLER_PORT + PORT_OFFSET))"}
    write_file 600 "$2" <<<"$text"
}
