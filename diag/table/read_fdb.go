package table

import (
	"context"

	"golang.org/x/sys/unix"
)

// readFDB reads what bridges know of their ports: what `bridge fdb` shows but for the
// devices' own entries (self). Frames to the addresses of multicast groups that a
// bridge takes for itself are among those.
func (r *Reader) readFDB(ctx context.Context) ([]FDBEntry, error) {
	request := make([]byte, sizeofNdmsg)
	request[0] = unix.AF_BRIDGE
	raw, err := dumpTable(ctx, r.conn, unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, request, func(b []byte) (rawFDBEntry, bool) {
		e, ok := parseFDBEntry(b)
		return e, ok && !e.Self && e.master != 0
	})
	if err != nil {
		return nil, err
	}
	entries := make([]FDBEntry, 0, len(raw))
	for _, e := range raw {
		e.Dev, e.Master = r.device(e.Index), r.device(e.master)
		entries = append(entries, e.FDBEntry)
	}
	return entries, nil
}

// fdbRow leaves out whether an entry is stale: nobody does that.
func fdbRow(e *FDBEntry) diffRow {
	key := struct {
		mac, master string
		vlan        int
	}{e.MAC.String(), e.Master, e.VLAN}
	fresh := *e
	if fresh.State == "stale" {
		fresh.State = ""
	}
	return diffRow{key: key, text: fresh.Line()}
}
