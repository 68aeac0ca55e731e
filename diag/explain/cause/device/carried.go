package device

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// What is in this file is cause.NeighbourUnanswered by what a tunnel does on the way.

// TunnelElsewhere is a tunnel whose forwarding database has the wrong other end
// for a frame.
type TunnelElsewhere struct {
	cause.Sure
	cause.NextHop
	Dev     string
	Remote  netip.Addr // where the frame is sent
	Entries []table.FDBEntry
	Right   remedy.TunnelEntry
}

// Code is NeighbourUnanswered.
func (TunnelElsewhere) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names both ends.
func (t TunnelElsewhere) Detail() say.Text {
	return say.T("the forwarding database of %s sends the frame to %s, but %s is behind %s", "%s 的 FDB 把帧送往 %s，而 %s 在 %s 后面",
		t.Dev, t.Remote, t.Addr, t.Right.Dst)
}

// Evidence are the entries.
func (t TunnelElsewhere) Evidence() []say.Text { return t.With(entryLines(t.Entries)...) }

func entryLines(entries []table.FDBEntry) []string {
	var shown []string
	for _, e := range entries {
		shown = append(shown, e.Line())
	}
	return shown
}

// Fix is the entry that sends the frame to the right end.
func (t TunnelElsewhere) Fix() []change.Change { return t.Right.Commands() }

// TunnelVoid is a tunnel whose forwarding database has no entry for a frame.
type TunnelVoid struct {
	cause.Sure
	cause.NextHop
	Link    table.Link
	Entries []table.FDBEntry
	Unread  bool               // the entries could not be read, or not all
	Right   remedy.TunnelEntry // that is missing, where it is known
}

// Code is NeighbourUnanswered.
func (TunnelVoid) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the tunnel.
func (t TunnelVoid) Detail() say.Text {
	return say.T("the forwarding database of %s has no entry for the frame: it is sent to nobody", "%s 的 FDB 没有适合这个帧的条目，帧无处可送", t.Link.Name)
}

// Evidence are the entry of the neighbour table, the device and its entries.
func (t TunnelVoid) Evidence() []say.Text {
	shown := append(t.With(t.Link.Line()), cause.Lines(entryLines(t.Entries)...)...)
	if len(t.Entries) == 0 && !t.Unread {
		shown = append(shown, say.T("bridge fdb show dev %s: nothing", "bridge fdb show dev %s：没有任何条目", t.Link.Name))
	}
	return shown
}

// Fix is the entry.
func (t TunnelVoid) Fix() []change.Change { return t.Right.Commands() }

// TunnelUnopened is a tunnel whose other end nobody opens.
type TunnelUnopened struct {
	cause.At
	Link   table.Link
	Landed string       // the namespace that its packets come to
	There  []table.Link // the VXLAN devices of that
}

// AskedBy is the finding for one who asks.
func (t TunnelUnopened) AskedBy(netns string) cause.Finding { t.At = cause.At(netns); return t }

// Code is NeighbourUnanswered.
func (TunnelUnopened) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names what both ends have.
func (t TunnelUnopened) Detail() say.Text {
	net := t.Link.VXLAN
	if len(t.There) == 0 {
		return say.T("%s has VNI %d, and %s has no vxlan device with that VNI on UDP port %d", "%s 的 VNI 是 %d，而 %s 没有 VNI 相同、UDP 端口为 %d 的 vxlan 网卡",
			t.Link.Name, net.VNI, machine.Called(t.Landed), net.DstPort)
	}
	far := t.There[len(t.There)-1]
	if far.VXLAN.VNI == net.VNI {
		return say.T("%[1]s sends to UDP port %[2]d, but %[3]s in %[4]s, of the same VNI %[5]d, takes what comes to port %[6]d: the port of both ends has to be the same, and is chosen when the device is made (ip -d link)",
			"%[1]s 发往 UDP 端口 %[2]d，而 %[4]s 里 VNI 同为 %[5]d 的 %[3]s 收的是端口 %[6]d：两端的端口必须相同，它在建网卡时就定下了（ip -d link）",
			t.Link.Name, net.DstPort, far.Name, machine.Called(t.Landed), net.VNI, far.VXLAN.DstPort)
	}
	return say.T("%s has VNI %d, but %s in %s has VNI %d on UDP port %d: it opens no packet of the other",
		"%s 的 VNI 是 %d，而 %s（%s）的 VNI 是 %d、UDP 端口是 %d：收到的包它不解封装",
		t.Link.Name, net.VNI, far.Name, machine.Called(t.Landed), far.VXLAN.VNI, far.VXLAN.DstPort)
}

// Evidence are the devices of both ends.
func (t TunnelUnopened) Evidence() []say.Text {
	shown := cause.Lines(t.Link.Line())
	for _, far := range t.There {
		shown = append(shown, say.Quote(far.Line()))
	}
	return shown
}

// Fix is unknown: which end is wrong?
func (TunnelUnopened) Fix() []change.Change { return nil }

// GroupUnjoined is a VXLAN device that sends what it has no entry for to a group, in which
// nobody on its wire is.
type GroupUnjoined struct {
	cause.At
	Link  table.Link
	There []cause.Device // of the same network, in another group or in none
}

// AskedBy is the finding for one who asks.
func (g GroupUnjoined) AskedBy(netns string) cause.Finding { g.At = cause.At(netns); return g }

// Code is NeighbourUnanswered.
func (GroupUnjoined) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the group, and who has another one.
func (g GroupUnjoined) Detail() say.Text {
	net := g.Link.VXLAN
	if len(g.There) == 0 {
		return say.T("%s floods to the group %s (VNI %d), and no device on that wire has joined it", "%s 向组播组 %s（VNI %d）泛洪，而这段链路上没有网卡加入该组", g.Link.Name, net.Remote, net.VNI)
	}
	far := g.There[0]
	switch other := far.Link.VXLAN; {
	case other.Remote == net.Remote:
		return say.T("%s floods to the group %s (VNI %d), and %s in %s has joined it on another device than the one of this wire (dev)", "%s 向组播组 %s（VNI %d）泛洪，而 %[5]s 里的 %[4]s 加入该组时用的不是这段链路上的网卡（dev）",
			g.Link.Name, net.Remote, net.VNI, far.Link.Name, machine.Called(far.Netns))
	case other.Remote.IsMulticast():
		return say.T("%s floods to the group %s (VNI %d), but %s in %s is in the group %s: both ends need the same", "%s 向组播组 %s（VNI %d）泛洪，而 %[5]s 里的 %[4]s 在组播组 %[6]s：两端要用同一个组",
			g.Link.Name, net.Remote, net.VNI, far.Link.Name, machine.Called(far.Netns), other.Remote)
	}
	return say.T("%s floods to the group %s (VNI %d), but %s in %s is in no group: both ends need the same", "%s 向组播组 %s（VNI %d）泛洪，而 %[5]s 里的 %[4]s 没有加入任何组：两端要用同一个组",
		g.Link.Name, net.Remote, net.VNI, far.Link.Name, machine.Called(far.Netns))
}

// Evidence are the devices of both ends.
func (g GroupUnjoined) Evidence() []say.Text {
	shown := cause.Lines(g.Link.Line())
	for _, far := range g.There {
		shown = append(shown, say.Quote(far.Link.Line()))
	}
	return shown
}

// Fix is unknown: which end is wrong?
func (GroupUnjoined) Fix() []change.Change { return nil }
