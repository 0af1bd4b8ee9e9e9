#!/bin/sh
# check.sh ADDRESS — asks a real Prometheus every panel's question.
#
# ADDRESS is that of a running `plaint serve`, for example 127.0.0.1:8080. The
# script starts a Prometheus of its own in a new folder, waits until it has
# scraped twice (a rate needs two), and fails when an expression of the
# dashboard is refused or returns nothing. Needs prometheus, promtool, curl, jq.
set -eu
address=${1:?usage: check.sh HOST:PORT}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
port=${PROMETHEUS_PORT:-19090}
work=$(mktemp -d)
prometheus=
trap 'test -z "$prometheus" || kill "$prometheus" 2>/dev/null || true; wait; rm -rf "$work"' EXIT INT TERM

promtool check rules "$here/rules.yml"
(cd "$here" && promtool test rules rules_test.yml)

cat > "$work/prometheus.yml" <<CONFIG
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$here/rules.yml"]
scrape_configs:
  - job_name: plaint
    static_configs: [{targets: ["$address"]}]
CONFIG
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
  --web.listen-address="127.0.0.1:$port" --log.level=error > "$work/log" 2>&1 &
prometheus=$!

ask() { curl -fsS --get "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1"; }
# rows counts the series that an expression returns; 0 where it is refused.
rows() { n=$(ask "$1" | jq '.data.result | length') && echo "${n:-0}" || echo 0; }

tries=0
until test "$(rows 'count_over_time(plaint_build_info[1m]) >= 3' 2>/dev/null)" -gt 0; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ] || ! kill -0 "$prometheus" 2>/dev/null; then
    echo "prometheus has not scraped $address" >&2; cat "$work/log" >&2; exit 1
  fi
  sleep 0.2
done

failed=0 asked=0
jq -r '.panels[] | select(.targets) | .title as $t | .targets[] | [$t, .expr] | @tsv' "$here/../grafana/plaint.json" > "$work/questions"
tab=$(printf '\t')
while IFS="$tab" read -r title expr; do
  expr=$(printf '%b' "$expr" | sed 's/\$__rate_interval/1m/g; s/\$job/.*/g; s/\$instance/.*/g')
  asked=$((asked + 1))
  got=$(rows "$expr")
  if [ "$got" -eq 0 ]; then
    echo "NOTHING  $title: $expr" >&2
    failed=$((failed + 1))
  else
    printf '%7d  %s\n' "$got" "$title"
  fi
done < "$work/questions"
echo "$asked expressions asked, $failed returned nothing"
test "$failed" -eq 0
