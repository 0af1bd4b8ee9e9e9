package settings

import (
	"plaint/ingest/stream/queue"
)

// types are the kinds of sources that plaint.yaml can name.
var types = map[string]func() source{
	"jetstream": func() source { return &queue.JetStream{} },
	"kafka":     func() source { return &queue.Kafka{} },
}
