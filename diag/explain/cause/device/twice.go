package device

import (
	"net"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Hidden is an address that a device on the wire has, and that somebody behind a port of
// the bridge who cannot be seen answers for, too.
type Hidden struct {
	cause.NextHop              // who asks, and whose packets its entry leads to
	Seen          cause.Device // that has the address
	MAC           net.HardwareAddr
	Port          cause.Device    // behind which MAC is; its Link.Name is empty where that is not known
	Told          table.Neighbour // of the bridge's namespace, that has MAC; zero where the entry of who asks has
}

// Code is DuplicateAddress.
func (Hidden) Code() cause.Code { return cause.DuplicateAddress }

// Netns is where the one is that can be seen, unless the packets of who asks go to the
// other one.
func (h Hidden) Netns() string {
	if h.Told.Dst.IsValid() {
		return h.Seen.Netns
	}
	return h.Asker
}

// Detail names both, and whom the packets go to.
func (h Hidden) Detail() say.Text {
	there, port := h.Seen, h.Port.Link.Name
	switch {
	case h.Told.Dst.IsValid():
		return say.T("%[1]s in %[2]s has %[3]s, and somebody behind %[4]s who cannot be seen answers for it, too, with %[5]s: whose answer comes first has the packets of who asks next",
			"%[1]s（%[2]s）有地址 %[3]s，而 %[4]s 后面看不到的某台机器也应答 who-has，MAC 是 %[5]s：下次谁先应答，包就归谁",
			there.Link.Name, machine.Called(there.Netns), h.Addr, port, h.MAC)
	case port == "":
		return say.T("%[1]s in %[2]s has %[3]s, but the entry of %[4]s has the MAC address %[5]s, of somebody who cannot be seen: two have the address, or the entry is out of date",
			"%[1]s（%[2]s）有地址 %[3]s，但 %[4]s 的邻居表项是 %[5]s，属于看不到的某台机器：要么两台机器用了同一个地址，要么表项已过时",
			there.Link.Name, machine.Called(there.Netns), h.Addr, machine.Called(h.Asker), h.MAC)
	}
	return say.T("%[1]s in %[2]s has %[3]s, but the entry of %[4]s has the MAC address %[5]s, of somebody behind %[6]s who cannot be seen: two have the address, or the entry is out of date",
		"%[1]s（%[2]s）有地址 %[3]s，但 %[4]s 的邻居表项是 %[5]s，属于 %[6]s 后面看不到的某台机器：要么两台机器用了同一个地址，要么表项已过时",
		there.Link.Name, machine.Called(there.Netns), h.Addr, machine.Called(h.Asker), h.MAC, port)
}

// Evidence are the entries, and the device that can be seen.
func (h Hidden) Evidence() []say.Text {
	if h.Told.Dst.IsValid() {
		return h.With(h.Told.Line(), h.Seen.Link.AddressLine())
	}
	return h.With(h.Seen.Link.AddressLine())
}

// Fix has the kernel ask again where its entry leads to the other one: which of the two
// should have the address cannot be told.
func (h Hidden) Fix() []change.Change {
	if h.Told.Dst.IsValid() {
		return nil
	}
	return []change.Change{change.NeighDel{Netns: h.Asker, Dst: h.Addr, Dev: h.Dev}}
}
