package change

import (
	"maps"
	"slices"
)

// Known are the commands that Parse knows.
func Known() []string { return slices.Sorted(maps.Keys(parsers)) }
