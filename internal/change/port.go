package change

import (
	"context"
	"slices"
	"strconv"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// PortSet sets how a bridge treats one of its ports: `bridge link set dev DEV …`.
type PortSet struct {
	Netns, Dev string
	Settings   []PortSetting
}

// PortSetting is a word of bridge(8), and its value: "on" or "off", a number for
// the state (BR_STATE_).
type PortSetting struct{ Name, Value string }

// Forwarding is the state in which a port passes frames (BR_STATE_FORWARDING).
const Forwarding = "3"

// portAttr is the number of a setting in rtnetlink, and the setting of a port as
// it was.
type portAttr struct {
	kind uint16
	was  func(table.BridgePort) string
}

var portAttrs = map[string]portAttr{
	"state":       {unix.IFLA_BRPORT_STATE, func(p table.BridgePort) string { return strconv.Itoa(slices.Index(portStates, p.State)) }},
	"learning":    {unix.IFLA_BRPORT_LEARNING, func(p table.BridgePort) string { return onOff(p.Learning) }},
	"flood":       {unix.IFLA_BRPORT_UNICAST_FLOOD, func(p table.BridgePort) string { return onOff(p.Flood) }},
	"bcast_flood": {unix.IFLA_BRPORT_BCAST_FLOOD, func(p table.BridgePort) string { return onOff(p.BroadcastFlood) }},
	"mcast_flood": {unix.IFLA_BRPORT_MCAST_FLOOD, func(p table.BridgePort) string { return onOff(p.MulticastFlood) }},
	"hairpin":     {unix.IFLA_BRPORT_MODE, func(p table.BridgePort) string { return onOff(p.Hairpin) }},
	"locked":      {unix.IFLA_BRPORT_LOCKED, func(p table.BridgePort) string { return onOff(p.Locked) }},
	"isolated":    {unix.IFLA_BRPORT_ISOLATED, func(p table.BridgePort) string { return onOff(p.Isolated) }},
}

// portStates are the states of a port by their numbers (BR_STATE_).
var portStates = []string{"disabled", "listening", "learning", "forwarding", "blocking"}

var _ = register("bridge link set", func(netns string, words []string) (Change, error) {
	dev, rest, err := named(words)
	p := PortSet{Netns: netns, Dev: dev}
	for ; err == nil && len(rest) > 1; rest = rest[2:] {
		if _, ok := portAttrs[rest[0]]; !ok {
			err = say.Err("%q is not understood here", "这里不认识 %q", rest[0])
		}
		p.Settings = append(p.Settings, PortSetting{rest[0], rest[1]})
	}
	if err == nil && len(rest) > 0 {
		err = say.Err("%s what?", "%s 后面缺少内容", rest[0])
	}
	return p, err
})

// Command is `bridge link set dev DEV …`.
func (p PortSet) Command() Command {
	argv := []string{"bridge", "link", "set", "dev", p.Dev}
	for _, s := range p.Settings {
		argv = append(argv, s.Name, s.Value)
	}
	return In(p.Netns, argv...)
}

// Apply sets the port.
func (p PortSet) Apply(_ context.Context, s Space) error {
	ns, _, err := Open(s, p.Netns)
	if err != nil {
		return err
	}
	return ns.Do(func() error {
		return Dev{p.Netns, p.Dev}.set(s, say.Quote(words(p.Command().Argv[1:])), func(_ *netlink.Handle, link netlink.Link) error { return p.send(link) })
	})
}

func (p PortSet) send(link netlink.Link) error {
	info := nl.NewRtAttr(unix.IFLA_PROTINFO|unix.NLA_F_NESTED, nil)
	for _, s := range p.Settings {
		value, err := strconv.ParseUint(s.Value, 10, 8)
		switch {
		case s.Value == "on":
			value, err = 1, nil
		case s.Value == "off":
			value, err = 0, nil
		}
		if err != nil {
			return err
		}
		info.AddRtAttr(int(portAttrs[s.Name].kind), nl.Uint8Attr(uint8(value)))
	}
	message := nl.NewIfInfomsg(unix.AF_BRIDGE)
	message.Index = int32(link.Attrs().Index)
	return ask(unix.RTM_SETLINK, message, info)
}

// Undo gives the port the settings that it had.
func (p PortSet) Undo(ctx context.Context, s Space, was Before) error {
	link, ok := was.Link(p.Netns, p.Dev)
	if !ok || link.Port == nil {
		return say.Err("%s: what %s had is not known", "%s：不知道 %s 原来的设置", p.Netns, p.Dev)
	}
	old := PortSet{Netns: p.Netns, Dev: p.Dev}
	for _, set := range p.Settings {
		old.Settings = append(old.Settings, PortSetting{set.Name, portAttrs[set.Name].was(*link.Port)})
	}
	return old.Apply(ctx, s)
}
