package change

import (
	"context"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
)

// VLANAdd has a port of a bridge carry a VLAN, tagged: `bridge vlan add dev DEV
// vid VID`. With PVID it is that of frames without a tag, both ways: `… pvid untagged`.
// Self stands for the bridge itself.
type VLANAdd struct {
	Netns, Dev string
	VID        int
	PVID, Self bool
}

var _ = register("bridge vlan add", func(netns string, words []string) (Change, error) {
	v, untagged := VLANAdd{Netns: netns}, false
	err := readOptions(words, text("dev", &v.Dev), number("vid", &v.VID), bare("pvid", &v.PVID), bare("untagged", &untagged), bare("self", &v.Self))
	v.PVID = v.PVID && untagged
	return v, err
})

// Command is `bridge vlan add dev DEV vid VID`.
func (v VLANAdd) Command() Command {
	argv := append([]string{"bridge", "vlan", "add", "dev", v.Dev}, given("vid", count(v.VID))...)
	if v.PVID {
		argv = append(argv, "pvid", "untagged")
	}
	if v.Self {
		argv = append(argv, "self")
	}
	return In(v.Netns, argv...)
}

// Apply has the port carry it.
func (v VLANAdd) Apply(_ context.Context, s Space) error {
	return Dev{v.Netns, v.Dev}.set(s, say.T("add VLAN %d to %s", "在 %[2]s 上添加 VLAN %[1]d", v.VID, v.Dev), func(h *netlink.Handle, link netlink.Link) error {
		return h.BridgeVlanAdd(link, uint16(v.VID), v.PVID, v.PVID, v.Self, !v.Self)
	})
}

// Undo has it carry the VLAN no more.
func (v VLANAdd) Undo(_ context.Context, s Space, _ Before) error {
	return Dev{v.Netns, v.Dev}.set(s, say.T("delete VLAN %d from %s", "从 %[2]s 上删除 VLAN %[1]d", v.VID, v.Dev), func(h *netlink.Handle, link netlink.Link) error {
		return h.BridgeVlanDel(link, uint16(v.VID), v.PVID, v.PVID, v.Self, !v.Self)
	})
}
