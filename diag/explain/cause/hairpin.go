package cause

import (
	"nstutor/diag/explain/flows"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Hairpin: a service sends the packet back to its sender, who takes none of his own.
const Hairpin Code = "hairpin"

var _ = Register(Cause{
	Code:  Hairpin,
	Words: say.T("a service sends the packet back to its own sender", "服务把包送回了发送方自己"),
	Table: []string{"iptables", "-t", "nat", "-vnL"},
})

// NoHairpin is a packet that would have to leave a bridge by the port that it came
// in by.
type NoHairpin struct {
	At
	Port, Bridge string
	Flow         flows.Flow
}

// Code is Hairpin.
func (NoHairpin) Code() Code { return Hairpin }

// Detail names the port.
func (h NoHairpin) Detail() say.Text {
	return say.T("%s would have to leave %s by %s, the port that it came in by; its hairpin mode is off", "%s 须从进来的端口 %[3]s 离开 %[2]s，但该端口的 hairpin 模式是关的",
		h.Flow, h.Bridge, h.Port)
}

// Evidence is the port's setting.
func (h NoHairpin) Evidence() []say.Text {
	return Lines(h.Port + " master " + h.Bridge + " hairpin off")
}

// Fix turns it on.
func (h NoHairpin) Fix() []change.Change {
	return []change.Change{change.PortSet{Netns: h.Netns(), Dev: h.Port, Settings: []change.PortSetting{{Name: "hairpin", Value: "on"}}}}
}
