package fabric

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// Station is where a frame comes up to the IP layer of a namespace, or where it
// gets lost inside a tunnel: then Node is nil.
type Station struct {
	Space  *machine.Space
	Dev    table.Link    // a bridge, for what comes in by one of its ports
	Any    bool          // it takes frames for whatever MAC address
	Deaf   cause.Finding // why it ignores the frame that comes to it
	Behind cause.Finding // what is found behind that; nil: nothing
	Sent   bool          // the frame is on its way: it meets the obstacles there
	Edge   *Edge         // nobody who can be seen: it left by this
	Way
}

// Way is how a frame gets from one IP layer to the next.
type Way struct {
	Crossings []Crossing
	Obstacles []Obstacle
	Unflooded bool // it passes a port that frames for whom the bridge does not know do not
	vlan      int  // the tag of the frame; 0: none
	service   bool // the tag is one of 802.1ad
}

// Crossing is a device that a frame passes on its way.
type Crossing struct {
	Space   *machine.Space
	Dev     table.Link
	Out     bool       // sent there, or else received
	Bridged string     // the bridge that forwarded it from another port to this one
	From    string     // … that other port
	Remote  netip.Addr // the other end of the tunnel that it is sent through
	// Ends are all to which the tunnel sends it, where none of them can be seen: nobody tells
	// at which it is taken. nil where it is sent to Remote alone, or is known to be taken there.
	Ends []netip.Addr
}

// Obstacle is a fault that stops frames between two IP layers.
type Obstacle struct {
	Space *machine.Space // nil: the walk comes to it by itself
	Dev   string
	Fault cause.Finding
	At    int // before which crossing of the way it is
}

// past is the way with one more device.
func (v Way) past(c Crossing) Way {
	v.Crossings = append(slices.Clone(v.Crossings), c)
	return v
}

// stoppedBy is the way with one more obstacle.
func (v Way) stoppedBy(n *machine.Space, dev string, f cause.Finding) Way {
	v.Obstacles = append(slices.Clone(v.Obstacles), Obstacle{n, dev, f, len(v.Crossings)})
	return v
}

// Tunnelled reports whether the way leads through a tunnel.
func (v Way) Tunnelled() bool {
	return slices.ContainsFunc(v.Crossings, func(c Crossing) bool { return c.Remote.IsValid() })
}

// Met is the fault of an obstacle for frames that n sends.
func (o Obstacle) Met(n *machine.Space) cause.Finding {
	if f, ok := o.Fault.(cause.Asked); ok {
		return f.AskedBy(n.Name)
	}
	return o.Fault
}

// Nearest is the station with the fewest obstacles.
func Nearest(stations []Station) (Station, bool) {
	if len(stations) == 0 {
		return Station{}, false
	}
	return slices.MinFunc(stations, func(a, b Station) int { return len(a.Obstacles) - len(b.Obstacles) }), true
}

// Edge is a device whose other end is somebody else's: a NIC, a tap, a veth into
// a namespace that cannot be seen. What leaves by it can be seen leaving, and
// what comes back by it coming in.
type Edge struct {
	Space *machine.Space
	Dev   table.Link
	Why   say.Text // what is not seen there
	Way
}

// Out is where a frame leaves what can be seen: of several places that with the least in its
// way, for whoever is to have it may be behind that. ok is false where there is none.
func (x *Explorer) Out() (_ Edge, ok bool) {
	if len(x.Edges) == 0 {
		return Edge{}, false
	}
	e := slices.MinFunc(x.Edges, func(a, b Edge) int { return len(a.Obstacles) - len(b.Obstacles) })
	for i, c := range e.Crossings {
		var ends []netip.Addr
		for _, o := range x.Edges {
			if i < len(o.Crossings) && o.Crossings[i].Remote.IsValid() && o.Crossings[i].Space == c.Space && o.Crossings[i].Dev.Index == c.Dev.Index {
				ends = append(ends, o.Crossings[i].Remote)
			}
		}
		if len(ends) > 1 {
			e.Crossings = slices.Clone(e.Crossings)
			e.Crossings[i].Ends = ends
		}
	}
	return e, true
}

// Leaves reports whether a frame leaves what can be seen with nothing in its way: that it is
// lost elsewhere says nothing then.
func (x *Explorer) Leaves() bool {
	return slices.ContainsFunc(x.Edges, func(e Edge) bool { return len(e.Obstacles) == 0 })
}

// Site is a device and its namespace.
type Site struct {
	Space *machine.Space
	Dev   table.Link
}

// Device is the device where the station is.
func (s Station) Device() cause.Device { return cause.Device{Netns: s.Space.Name, Link: s.Dev} }

// Device is the device in words.
func (s Site) Device() cause.Device { return cause.Device{Netns: s.Space.Name, Link: s.Dev} }

// WireMTU is the MTU of a wire for IPv6: the largest of those there.
func WireMTU(stations []Station) int {
	most := machine.MinMTU
	for _, s := range stations {
		most = max(most, s.Dev.MTU)
	}
	return most
}

// Present are the stations on a wire, with the addresses that they have there.
func (x *Explorer) Present() []cause.Station {
	const enough = 4
	var there []cause.Station
	for _, s := range x.Stations {
		if s.Space == nil || len(there) == enough {
			continue
		}
		one := cause.Station{Netns: s.Space.Name, Dev: s.Dev.Name}
		if x.Of.Is6() {
			one.Shut, one.MTU = s.Space.Shut(s.Dev), WireMTU(x.Stations)
		}
		addrs, _ := s.Space.Addrs(s.Dev.Index)
		for _, a := range addrs {
			if a.Prefix.Addr().Is6() == x.Of.Is6() {
				one.Addrs = append(one.Addrs, a.Prefix)
			}
		}
		there = append(there, one)
	}
	return there
}
