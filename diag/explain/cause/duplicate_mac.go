package cause

import (
	"net"
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// DuplicateMAC: two devices behind one bridge have the same MAC address.
const DuplicateMAC Code = "duplicate-mac"

var _ = Register(Cause{
	Code:  DuplicateMAC,
	Words: say.T("two devices behind one bridge have the same MAC address", "同一网桥上有两块网卡用了相同的 MAC 地址"),
	Table: []string{"ip", "link"},
})

// SharedMAC is a MAC address that two devices have: the bridge between them sends
// what is for it to whom it heard last.
type SharedMAC struct {
	NextHop
	Chosen, Other Device // whom the frame is for, and who has its address, too
	// Led tells that the bridge sends the frame to Other; Own that Other is who asks,
	// so that the bridge sends it back to nobody.
	Led, Own bool
}

// Code is DuplicateMAC.
func (SharedMAC) Code() Code { return DuplicateMAC }

// Netns is where an address has to be changed.
func (s SharedMAC) Netns() string { return s.changed().Netns }

func (s SharedMAC) sure() bool { return s.Led || s.Own }

// changed is the device that gets another address: not that of who asks.
func (s SharedMAC) changed() Device {
	if s.Own {
		return s.Chosen
	}
	return s.Other
}

// Detail names both.
func (s SharedMAC) Detail() say.Text {
	here, there, mac := machine.Called(s.Chosen.Netns), machine.Called(s.Other.Netns), s.Chosen.Link.MAC
	switch {
	case s.Own:
		return say.T("%[1]s in %[2]s and %[3]s in %[4]s, which asks, have the same MAC address %[5]s: the bridge between them sends no frame back to where it came from",
			"%[1]s（%[2]s）和发包一方的 %[3]s（%[4]s）的 MAC 地址都是 %[5]s：两者之间的网桥不会把帧送回它来的端口",
			s.Chosen.Link.Name, here, s.Other.Link.Name, there, mac)
	case s.Led:
		return say.T("%[1]s in %[2]s and %[3]s in %[4]s have the same MAC address %[5]s, and the bridge sends the frame to the second",
			"%[1]s（%[2]s）和 %[3]s（%[4]s）的 MAC 地址都是 %[5]s，网桥把帧送到了后者", s.Chosen.Link.Name, here, s.Other.Link.Name, there, mac)
	}
	return say.T("%[1]s in %[2]s and %[3]s in %[4]s have the same MAC address %[5]s: the bridge sends frames to whom it heard last",
		"%[1]s（%[2]s）和 %[3]s（%[4]s）的 MAC 地址都是 %[5]s：网桥会把帧送给最近发过包的那一个", s.Chosen.Link.Name, here, s.Other.Link.Name, there, mac)
}

// Evidence are both devices.
func (s SharedMAC) Evidence() []say.Text {
	return s.With(s.Chosen.Link.AddressLine(), s.Other.Link.AddressLine())
}

// Fix gives one of them an address of its own, and has the kernel ask again.
func (s SharedMAC) Fix() []change.Change {
	wrong := s.changed()
	changes := []change.Change{change.MAC(wrong.Netns, wrong.Link.Name, another(wrong.Link.MAC, wrong.Link.Index).String())}
	if s.sure() && s.Entry.MAC != nil {
		changes = append(changes, s.forget())
	}
	return changes
}

// another is a MAC address that is made of one and of a number: locally
// administered, and of one station.
func another(mac net.HardwareAddr, number int) net.HardwareAddr {
	made := slices.Clone(mac)
	if len(made) < 6 {
		return made
	}
	made[0] = made[0]&^1 | 2
	made[3], made[4] = made[3]^0xd5, made[4]^byte(number)
	return made
}
