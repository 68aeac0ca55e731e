package table

// What the tests look at from outside: they build their networks by a lab, which
// is made by changes, which read these tables.

func (c Counters) Add(text string) error   { return c.add(text) }
func (l *Link) Info(b []byte)              { l.info(b) }
func ParseBridge(b []byte) *Bridge         { return parseBridge(b) }
func ParseBridgePort(b []byte) *BridgePort { return parseBridgePort(b) }
func ParseVXLAN(b []byte) *VXLAN           { return parseVXLAN(b) }

// FDBLine is the line of an entry as the kernel sends it.
func FDBLine(b []byte) (string, bool) {
	e, ok := parseFDBEntry(b)
	if !ok {
		return "", false
	}
	return e.Line(), true
}

const NetnsHere = netnsHere

// SnapshotLines are the lines of rows.
func SnapshotLines[T interface{ Line() string }](rows []T) []string { return snapshotLines(rows) }
