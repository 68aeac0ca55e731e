package change

import (
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// modeBits are the modes that a macvlan can change between (macvlan_changelink()).
var modeBits = map[string]uint32{"private": 1, "vepa": 2, "bridge": 4, "source": 16}

func setMacvlanMode(_ *netlink.Handle, link netlink.Link, value string) error {
	mode, ok := modeBits[value]
	if !ok {
		return say.Err("%q is no mode that is known here", "这里不认识模式 %q", value)
	}
	message := nl.NewIfInfomsg(unix.AF_UNSPEC)
	message.Index = int32(link.Attrs().Index)
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated(link.Type()))
	info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(nl.IFLA_MACVLAN_MODE, nl.Uint32Attr(mode))
	return ask(unix.RTM_NEWLINK, message, info)
}
