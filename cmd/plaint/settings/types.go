package settings

import (
	"maps"
	"slices"

	"plaint/ingest/stream/mailbox"
	"plaint/ingest/stream/queue"
	"plaint/ingest/stream/table"
	"plaint/ingest/stream/telemetry"
)

// types are the kinds of sources that plaint.yaml can name.
var types = map[string]func() source{
	"follow":    func() source { return &telemetry.Follow{} },
	"imap":      func() source { return &mailbox.IMAP{} },
	"jetstream": func() source { return &queue.JetStream{} },
	"kafka":     func() source { return &queue.Kafka{} },
	"mysql":     func() source { return &table.MySQL{} },
	"otlp":      func() source { return &telemetry.OTLP{} },
	"postgres":  func() source { return &table.Postgres{} },
	"syslog":    func() source { return &telemetry.Syslog{} },
}

func typeNames() []string { return slices.Sorted(maps.Keys(types)) }
