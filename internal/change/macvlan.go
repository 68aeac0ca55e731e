package change

import (
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"

	"nstutor/internal/say"
)

// modeBits are the modes that a macvlan can change between (macvlan_changelink()).
var modeBits = map[string]uint32{"private": 1, "vepa": 2, "bridge": 4, "source": 16}

func setMacvlanMode(link netlink.Link, value string) error {
	mode, ok := modeBits[value]
	if !ok {
		return say.Err("%q is no mode that is known here", "这里不认识模式 %q", value)
	}
	return setOfKind(link, nl.IFLA_MACVLAN_MODE, mode)
}
