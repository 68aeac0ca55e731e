package cause

import (
	"net/netip"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// MartianSource: an address cannot be on this wire, and the kernel drops the packet.
const MartianSource Code = "martian-source"

var _ = Register(Cause{
	Code:  MartianSource,
	Words: say.T("an address cannot be on this wire, and the kernel drops the packet", "地址不可能出现在这条链路上，内核丢弃该包"),
	Table: []string{"sysctl", "-a", "-r", "rp_filter"},
})

// ImpossibleSource is a packet whose source cannot be on the wire that it comes
// in by.
type ImpossibleSource struct {
	At
	Flow   flows.Flow
	Dev    string
	Lookup []string // what the kernel has said
	// Service is the router that has sent a packet for a service back to who
	// asked: that packet needs another source. Nil: it is none.
	Service *At
	Exempt  Exempt         // why no rule of that router gives it one
	Unseen  bool           // no rule of nat sees it there, for a virtual service has sent it (remedy.TrackVirtual)
	Own     remedy.Address // else, the source as an address of the namespace itself
}

// Code is MartianSource, or Hairpin of what a service has sent back.
func (m ImpossibleSource) Code() Code {
	if m.Service != nil && m.Flow.DstPort != 0 {
		return Hairpin
	}
	return MartianSource
}

// Detail names the source and the device.
func (m ImpossibleSource) Detail() say.Text {
	if m.Code() == Hairpin {
		return say.T("the service sends the packet back to its own sender %s, who takes none with his own address as the source: the source has to be masqueraded",
			"服务把包送回了发送方 %s 自己，而它不收以自己的地址为源的包：须改写源地址（masquerade）", m.Flow.Src)
	}
	return say.T("%s cannot be the source of a packet that comes in through %s", "从 %[2]s 进来的包，源地址不可能是 %[1]s", m.Flow.Src, m.Dev)
}

// Evidence is what the kernel has said.
func (m ImpossibleSource) Evidence() []say.Text {
	if m.Unseen {
		return append(Lines(m.Lookup...), say.Quote(remedy.VirtualUntracked))
	}
	return Lines(m.Lookup...)
}

// Fix gives the packet a source that is taken from somebody else.
func (m ImpossibleSource) Fix() []change.Change {
	switch {
	case m.Service != nil:
		mend := m.Exempt.Mend(change.Masquerade{Netns: m.Service.Netns(), Src: change.Only(m.Flow.Src), Dst: m.Flow.Dst})
		if m.Unseen {
			return append([]change.Change{remedy.TrackVirtual(m.Service.Netns())}, mend...)
		}
		return mend
	case m.Flow.Src.IsLoopback() || m.Flow.Dst.IsLoopback():
		return remedy.Enable(m.Netns(), m.Dev, "route_localnet")
	}
	return m.Own.Remove()
}

// OwnSender is an ARP request from an address that the asked namespace has itself.
type OwnSender struct {
	At
	Sender netip.Addr
	Hop    NextHop        // that is asked for
	Proof  []string       // that the kernel would not answer
	Own    remedy.Address // the sender there
}

// Code is MartianSource.
func (OwnSender) Code() Code { return MartianSource }

// Detail names the sender.
func (o OwnSender) Detail() say.Text {
	return say.T("the ARP request's sender %s is an address of %s itself, which takes it from nobody else",
		"ARP 请求的发送方 %s 是 %s 自己的地址，来自别处的这种请求一概不收", o.Sender, machine.Called(o.Netns()))
}

// Evidence is the entry of who asks, and why there is no answer.
func (o OwnSender) Evidence() []say.Text { return o.Hop.With(o.Proof...) }

// Fix takes the address away.
func (o OwnSender) Fix() []change.Change { return o.Own.Remove() }
