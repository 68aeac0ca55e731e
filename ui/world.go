package ui

import (
	"slices"
	"time"

	"nstutor/diag/table"
	"nstutor/diag/wire"
	"nstutor/steps"
)

// framesKept is how many frames the wire view remembers.
const framesKept = 400

// world is what the feed has reported of the lab.
type world struct {
	names        []string // of the namespaces, as the lab orders them
	snaps        map[string]*table.Snapshot
	watch        string // the namespace that the live pane shows
	aim          int    // generation of what the ping was told
	pinging      bool
	version      int       // counts the changes of names, snaps and whatever the player changed
	changed      time.Time // when it was counted last
	log          pingLog
	frames       []wire.Frame
	neighTimeout time.Duration
	trouble      error // what could not be watched
}

// touch counts a change.
func (w *world) touch(now time.Time) { w.version, w.changed = w.version+1, now }

// snapshot is the newest of a namespace, or nil.
func (w *world) snapshot(name string) *table.Snapshot { return w.snaps[name] }

// rename takes the list of namespaces, and forgets those that are gone.
func (w *world) rename(names []string) {
	w.names = names
	for name := range w.snaps {
		if !slices.Contains(names, name) {
			delete(w.snaps, name)
		}
	}
}

// gone says whether a namespace is known not to be there.
func (w *world) gone(name string) bool { return w.names != nil && !slices.Contains(w.names, name) }

// everKnown lists the namespaces that are there or were there when the step
// began.
func (w *world) everKnown(was steps.State) []string {
	all := slices.Clone(w.names)
	var more []string
	for name := range was.Netns {
		if !slices.Contains(all, name) {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	return append(all, more...)
}

// hear takes frames.
func (w *world) hear(frames []wire.Frame) {
	w.frames = append(w.frames, frames...)
	if extra := len(w.frames) - framesKept; extra > 0 {
		w.frames = slices.Delete(w.frames, 0, extra)
	}
}

// peer is the other end of a cable: "ns1 ns1-eth0". It is empty for a device
// that has none, or none that is known.
func (w *world) peer(l table.Link) string {
	netns, dev := w.peerOf("", l)
	if dev == "" {
		return ""
	}
	if netns == "" {
		return dev
	}
	return netns + " " + dev
}

// peerOf finds the other end of a cable whose one end is l in netns. The
// namespace is netns itself when both ends are there.
func (w *world) peerOf(netns string, l table.Link) (string, string) {
	switch {
	case l.PeerIndex == 0 || l.Kind != "veth":
		return "", ""
	case l.PeerNetnsID < 0:
		return netns, l.Peer
	}
	snap := w.snapshot(l.PeerNetns)
	if snap == nil {
		return "", ""
	}
	other, ok := snap.LinkByIndex(l.PeerIndex)
	if !ok {
		return "", ""
	}
	return l.PeerNetns, other.Name
}

// port says whether a device is a bridge's port, which takes frames for every
// MAC address.
func (w *world) port(netns, dev string) bool {
	snap := w.snapshot(netns)
	if snap == nil {
		return false
	}
	l, ok := snap.Link(dev)
	return ok && l.Master != ""
}

// incomplete says whether an entry of the watched namespace counts down.
func (w *world) incomplete() bool {
	snap := w.snapshot(w.watch)
	return snap != nil && slices.ContainsFunc(snap.Neighbours, func(n table.Neighbour) bool { return n.State == "INCOMPLETE" })
}
