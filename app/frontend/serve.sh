#!/bin/sh
# The frontend image's entrypoint: tells nginx from where else the page may show pictures, then
# becomes nginx. MEDIA_ORIGIN becomes a part of the page's Content-Security-Policy, so it is the
# origin of one host and nothing else, or nothing starts.
set -eu
origin=${MEDIA_ORIGIN:-}
host=${origin#https://}
case $origin in
"") ;;
https://*)
    case $host in
    "" | .* | -* | *[!a-z0-9.-]*)
        echo "error: MEDIA_ORIGIN must be https:// and a host name; it is set to something else" >&2
        exit 78
        ;;
    esac
    ;;
*)
    echo "error: MEDIA_ORIGIN must begin with https://; it is set to something else" >&2
    exit 78
    ;;
esac
# A map, as nginx has no variables of its own outside of servers.
printf 'map "" $media_origin { default "%s"; }\n' "${origin:+ $origin}" >/tmp/media-origin.conf
exec nginx "$@" -e stderr -g "daemon off;"
