package hop

import (
	"net/netip"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/wire"
	"nstutor/internal/say"
)

// Disposition is what becomes of the packet at a hop, as predicted or as observed.
type Disposition string

// All dispositions.
const (
	OK      Disposition = "ok"
	Fail    Disposition = "fail"
	Unknown Disposition = "unknown"
)

// Stage is where on its way through a namespace a packet is.
type Stage string

// All stages.
const (
	StageRoute     Stage = "route"
	StageFilter    Stage = "filter"
	StageNeighbour Stage = "neighbour"
	StageSend      Stage = "send"
	StageReceive   Stage = "receive"
	StageDeliver   Stage = "deliver"
)

// Hop is one stage of the packet's way.
type Hop struct {
	Leg       flows.Leg   `json:"leg"`
	Netns     string      `json:"netns"`
	Device    string      `json:"device"`
	Stage     Stage       `json:"stage"`
	Predicted Disposition `json:"predicted"`
	Observed  Disposition `json:"observed"`
	Detail    say.Text    `json:"detail"`
	// Frame is the frame of the packet that Detail names, if it says no more than
	// its addresses and the device.
	Frame *Frame `json:"-"`

	Space    *machine.Space `json:"-"`
	Sighting *Sighting      `json:"-"` // the frame that proves the hop, on Device; nil when none does

	Unseen   bool `json:"-"` // it could not be looked at
	Carrying bool `json:"-"` // it is a hop of the packet that carries another through a tunnel
}

// Frame is a frame that enters or leaves a device.
type Frame struct {
	Src, Dst netip.Addr
	Out      bool
}

// Sighting is the frame that proves that a hop was reached.
type Sighting struct {
	Space   *machine.Space
	Dev     string
	Flow    flows.Flow // of the packet; a port that is 0 may be any
	Out     bool
	Carrier Endpoints // of the packet that carries it through a tunnel, if one does
	Port    uint16    // of UDP that such a packet goes to; 0: it is none of UDP
}

// Endpoints are the addresses of a packet; the zero value is those of none.
type Endpoints struct{ Src, Dst netip.Addr }

// Is reports whether a frame is the one.
func (s Sighting) Is(f wire.Frame) bool {
	if f.Netns != s.Space.NS.Name() || f.Dev != s.Dev || f.Out != s.Out {
		return false
	}
	if s.Carrier != (Endpoints{}) {
		if !f.Tunnels() || s.Carrier != (Endpoints{f.Src, f.Dst}) {
			return false
		}
		f = *f.Inner
	}
	return s.Flow.Is(f)
}
