package session

import (
	"slices"
	"strings"
	"time"

	"nstutor/diag/table"
	"nstutor/diag/wire"
	"nstutor/internal/session/feed"
	"nstutor/steps"
)

// How many frames and packets are remembered.
const (
	framesKept  = 400
	packetsKept = 200
)

// Network is what the feed has reported of the lab.
type Network struct {
	Names        []string // of the namespaces, as the lab orders them
	Snaps        map[string]*table.Snapshot
	Watch        string // the namespace that the live pane shows
	Aim          int    // generation of what the ping was told
	pinging      bool
	version      int       // counts the changes of names, snaps and whatever the player changed
	changed      time.Time // when it was counted last
	Log          PingLog
	Tally        feed.Tally   // what the packet filters remember, where the step is about them
	told         steps.Told   // of which packets are told
	Frames       []wire.Frame // in the order of the kernel's time stamps
	Packets      wire.Packets // and the packets that they are
	NeighTimeout time.Duration
	Trouble      error // what could not be watched
}

// touch counts a change.
func (w *Network) touch(now time.Time) { w.version, w.changed = w.version+1, now }

// Snapshot is the newest of a namespace, or nil.
func (w *Network) Snapshot(name string) *table.Snapshot { return w.Snaps[name] }

// rename takes the list of namespaces, and forgets those that are gone.
func (w *Network) rename(names []string) {
	w.Names = names
	for name := range w.Snaps {
		if !slices.Contains(names, name) {
			delete(w.Snaps, name)
		}
	}
}

// Gone says whether a namespace is known not to be there.
func (w *Network) Gone(name string) bool { return w.Names != nil && !slices.Contains(w.Names, name) }

// EverKnown lists the namespaces that are there or were there when the step
// began.
func (w *Network) EverKnown(was steps.State) []string {
	all := slices.Clone(w.Names)
	var more []string
	for name := range was.Netns {
		if !slices.Contains(all, name) {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	return append(all, more...)
}

// hear takes frames. One that came late goes where it belongs.
func (w *Network) hear(frames []wire.Frame) {
	for _, f := range frames {
		if murmur(f.Carried()) {
			continue
		}
		w.Frames = wire.InOrder(w.Frames, f)
		w.Packets.Add(f)
	}
	if extra := len(w.Frames) - framesKept; extra > 0 {
		w.Frames = slices.Delete(w.Frames, 0, extra)
	}
	w.Packets.Keep(packetsKept)
}

// murmur is what TCP says only to keep going: segments that acknowledge, or are in the
// middle of a long text. They would push out what there is to see.
func murmur(f *wire.Frame) bool {
	return f.Proto == "TCP" && !strings.ContainsAny(f.Op, "SFRP")
}

// forget takes it that nothing has passed yet.
func (w *Network) forget() { w.Frames, w.Packets = nil, wire.Packets{} }

// Peer is the other end of a cable: "ns1 ns1-eth0". It is empty for a device
// that has none, or none that is known.
func (w *Network) Peer(l table.Link) string {
	netns, dev := w.PeerOf("", l)
	if dev == "" {
		return ""
	}
	if netns == "" {
		return dev
	}
	return netns + " " + dev
}

// PeerOf finds the other end of a cable whose one end is l in netns. The
// namespace is netns itself when both ends are there.
func (w *Network) PeerOf(netns string, l table.Link) (string, string) {
	switch {
	case l.PeerIndex == 0 || l.Kind != "veth":
		return "", ""
	case l.PeerNetnsID < 0:
		return netns, l.Peer
	}
	snap := w.Snapshot(l.PeerNetns)
	if snap == nil {
		return "", ""
	}
	other, ok := snap.LinkByIndex(l.PeerIndex)
	if !ok {
		return "", ""
	}
	return l.PeerNetns, other.Name
}

// Incomplete says whether an entry of the watched namespace counts down.
func (w *Network) Incomplete() bool {
	snap := w.Snapshot(w.Watch)
	return snap != nil && slices.ContainsFunc(snap.Neighbours, func(n table.Neighbour) bool { return n.State == "INCOMPLETE" })
}

// aimPing starts or stops the step's ping. Events of an earlier aim are stale.
func (s *Session) aimPing(on bool) {
	s.Network.Aim++
	s.Network.pinging = on
	s.retarget()
}

// watchTables polls the neighbours of the namespace that the live pane shows.
func (s *Session) watchTables() { s.retarget() }

func (s *Session) retarget() {
	if s.feed == nil {
		return
	}
	w := &s.Network
	s.feed.AimAt(feed.Aim{Gen: w.Aim, Tables: w.Watch, Tried: w.Log.Tried, Pinging: w.pinging, Told: w.told})
}
