package feed

import (
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/diag/wire"
)

// What a feed reports.
type (
	// Names are the namespaces there are now.
	Names []string
	// Snapshot is how a namespace is now.
	Snapshot struct{ *table.Snapshot }
	// Ping is what an echo came to.
	Ping struct {
		Aim   int // its generation: of an older one, it is stale
		Event probe.Event
	}
	// Frames passed just now.
	Frames []wire.Frame
	// Trouble: something could not be watched.
	Trouble struct{ Err error }
)
