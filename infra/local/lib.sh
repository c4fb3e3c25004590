# shellcheck shell=bash
# Everything in lib/, in reading order.

# shellcheck source=lib/base.sh
. "${BASH_SOURCE[0]%/*}/lib/base.sh"
# shellcheck source=lib/services.sh
. "$LOCAL/lib/services.sh"
# shellcheck source=lib/processes.sh
. "$LOCAL/lib/processes.sh"
# shellcheck source=lib/supervisor.sh
. "$LOCAL/lib/supervisor.sh"
# shellcheck source=lib/templates.sh
. "$LOCAL/lib/templates.sh"
# shellcheck source=lib/postgresql.sh
. "$LOCAL/lib/postgresql.sh"
# shellcheck source=lib/redis.sh
. "$LOCAL/lib/redis.sh"
# shellcheck source=lib/kafka.sh
. "$LOCAL/lib/kafka.sh"
# shellcheck source=lib/mail.sh
. "$LOCAL/lib/mail.sh"
# shellcheck source=lib/daemons.sh
. "$LOCAL/lib/daemons.sh"
# shellcheck source=lib/steps.sh
. "$LOCAL/lib/steps.sh"
