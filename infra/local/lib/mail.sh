# shellcheck shell=bash
# The local mail catcher: what the notifier sends is kept in a Maildir and goes no further.

mail_directory() { printf '%s/mail' "$CARTWRIGHT_HOME"; }

define_mail() {
    mkdir -p "$(mail_directory)"
    copy_file 755 "$LOCAL/mail/catcher.py" "$CARTWRIGHT_HOME/bin/mail"
    define_service mail <<RUN
exec '$CARTWRIGHT_HOME/bin/become' mail '$CARTWRIGHT_HOME/bin/mail' $(service_port mail) '$(mail_directory)'
RUN
}

mail_answers() {
    local line
    { read -r -t 2 line <>/dev/tcp/127.0.0.1/"$(service_port mail)"; } 2>/dev/null && [[ $line == 220* ]]
}

start_mail() {
    start_service mail
    wait_until 60 mail_answers || die 'the mail catcher does not answer'
}

# No SMS provider here: an SMS is recorded as suppressed (channel_off), nothing claims to have sent it.
# Whoever looks at a set-up at night still wants to see what it sends: no quiet hours.
notifier_settings() {
    export_line NOTIFIER_SMTP_URL "smtp://$(address_of mail)"
    export_line NOTIFIER_SMTP_TLS off
    export_line NOTIFIER_MAIL_FROM shop@cartwright.example
    export_line NOTIFIER_PUBLIC_URL "http://localhost:$(service_port notifier)"
    export_line NOTIFIER_QUIET_FROM_HOUR 0
    export_line NOTIFIER_QUIET_UNTIL_HOUR 0
}
