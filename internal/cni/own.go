package cni

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// own is a plugin of this program: the changes by which a container is attached.
type own func(s setting) []change.Change

// setting is what a plugin knows of one container.
type setting struct {
	pod, veth, bridge string
	addr, gateway     netip.Addr
	bits              int
}

// ownPlugins stand in for programs of the same name.
var ownPlugins = map[string]own{"bridge": ownBridge, "ptp": ownPTP}

// ownBridge plugs the container into a bridge whose address is its gateway, as the
// plugin bridge does with isGateway.
func ownBridge(s setting) []change.Change {
	changes := s.cable()
	if _, err := os.Stat(filepath.Join("/proc/sys/net/ipv4/conf", s.bridge)); err != nil {
		changes = append(changes, change.LinkAdd{Name: s.bridge, Kind: "bridge"}, change.AddrAdd{Addr: s.within(s.gateway), Dev: s.bridge}, change.Up("", s.bridge))
	}
	return append(changes,
		change.Master("", s.veth, s.bridge),
		change.AddrAdd{Netns: s.pod, Addr: s.within(s.addr), Dev: ifName},
		change.Up(s.pod, ifName),
		route(s.pod, netip.Addr{}, s.gateway, ""),
	)
}

// ownPTP gives each container a cable whose node end has the gateway's address, and a
// route of its own, as the plugin ptp does.
func ownPTP(s setting) []change.Change {
	return append(s.cable(),
		change.AddrAdd{Addr: change.Single(s.gateway).String(), Dev: s.veth},
		route("", s.addr, netip.Addr{}, s.veth),
		change.AddrAdd{Netns: s.pod, Addr: change.Single(s.addr).String(), Dev: ifName},
		change.Up(s.pod, ifName),
		route(s.pod, s.gateway, netip.Addr{}, ifName),
		route(s.pod, netip.Addr{}, s.gateway, ifName),
	)
}

// within is an address with the length of the subnet.
func (s setting) within(addr netip.Addr) string { return netip.PrefixFrom(addr, s.bits).String() }

// route is the one to an address, or the default route.
func route(netns string, dst, via netip.Addr, dev string) change.Change {
	return change.Route{Netns: netns, Verb: change.RouteAdd, Route: change.To(change.Single(dst), via, dev, false)}
}

// cable lays one from the node into the container.
func (s setting) cable() []change.Change {
	inner := "c-" + s.veth
	return []change.Change{
		change.LinkAdd{Name: inner, Kind: "veth", Peer: s.veth},
		change.LinkMove{Dev: inner, To: s.pod, Rename: ifName},
		change.Up("", s.veth),
	}
}

// do answers a call.
func (o own) do(ctx context.Context, c Call) (map[string]any, error) {
	ipam, _ := c.Config["ipam"].(map[string]any)
	text, _ := ipam["subnet"].(string)
	subnet, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, say.Err("plugin %q: ipam without a subnet", "插件 %q：ipam 没有 subnet", c.Plugin)
	}
	network, _ := c.Config["name"].(string)
	dir := filepath.Join(stateDir, "ipam", filepath.Base(network))
	s := setting{pod: c.Container, veth: "v-" + c.Container, bridge: "cni0", gateway: gatewayOf(subnet), bits: subnet.Bits()}
	if name, ok := c.Config["bridge"].(string); ok {
		s.bridge = name
	}
	switch c.Command {
	case Del:
		_ = s.make(ctx, []change.Change{change.LinkDel{Dev: s.veth}}) // DEL is asked for again, and of what is gone
		return nil, release(dir, c.Container)
	case Check:
		if _, ok := reserved(dir, c.Container); !ok {
			return nil, say.Err("plugin %q: %s has no address", "插件 %q：%s 没有地址", c.Plugin, c.Container)
		}
		return nil, nil
	}
	if s.addr, err = reserve(dir, subnet, c.Container); err != nil {
		return nil, err
	}
	if err := s.make(ctx, o(s)); err != nil {
		return nil, say.Join(say.Err("plugin %q: %v", "插件 %q：%v", c.Plugin, err), release(dir, c.Container))
	}
	return map[string]any{
		"cniVersion": cniFormat,
		"interfaces": []any{map[string]any{"name": s.veth}, map[string]any{"name": ifName, "sandbox": filepath.Join(netnsDir, s.pod)}},
		"ips":        []any{map[string]any{"address": fmt.Sprintf("%s/%d", s.addr, s.bits), "gateway": s.gateway.String(), "interface": 1}},
	}, nil
}

// make makes changes, in the node or in the container.
func (s setting) make(ctx context.Context, changes []change.Change) error {
	var here change.Machine
	defer here.Close()
	for _, c := range changes {
		if err := c.Apply(ctx, &here); err != nil {
			return err
		}
	}
	return nil
}
