package cni

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// own is a plugin of this program: the commands by which a container is attached, in the
// words of ip(8), and those that CHECK wants to see done.
type own func(s setting) []string

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
func ownBridge(s setting) []string {
	lines := s.cable()
	if _, err := os.Stat(filepath.Join("/proc/sys/net/ipv4/conf", s.bridge)); err != nil {
		lines = append(lines, "ip link add "+s.bridge+" type bridge", fmt.Sprintf("ip addr add %s/%d dev %s", s.gateway, s.bits, s.bridge),
			"ip link set "+s.bridge+" up")
	}
	return append(lines,
		"ip link set "+s.veth+" master "+s.bridge,
		fmt.Sprintf("%s ip addr add %s/%d dev %s", s.pod, s.addr, s.bits, ifName),
		s.pod+" ip link set "+ifName+" up",
		s.pod+" ip route add default via "+s.gateway.String(),
	)
}

// ownPTP gives each container a cable whose node end has the gateway's address, and a
// route of its own, as the plugin ptp does.
func ownPTP(s setting) []string {
	return append(s.cable(),
		"ip addr add "+s.gateway.String()+"/32 dev "+s.veth,
		"ip route add "+s.addr.String()+" dev "+s.veth,
		s.pod+" ip addr add "+s.addr.String()+"/32 dev "+ifName,
		s.pod+" ip link set "+ifName+" up",
		s.pod+" ip route add "+s.gateway.String()+" dev "+ifName,
		s.pod+" ip route add default via "+s.gateway.String()+" dev "+ifName,
	)
}

// cable lays one from the node into the container.
func (s setting) cable() []string {
	inner := "c-" + s.veth
	return []string{
		"ip link add " + inner + " type veth peer name " + s.veth,
		"ip link set " + inner + " netns " + s.pod + " name " + ifName,
		"ip link set " + s.veth + " up",
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
		_ = s.make(ctx, []string{"ip link del " + s.veth}) // DEL is asked for again, and of what is gone
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

// make makes changes, each in the node or, behind the container's name, in the container.
func (s setting) make(ctx context.Context, lines []string) error {
	var here change.Machine
	defer here.Close()
	for _, line := range lines {
		netns := ""
		if rest, inside := strings.CutPrefix(line, s.pod+" "); inside {
			netns, line = s.pod, rest
		}
		c, err := change.Parse(netns, strings.Fields(line)...)
		if err == nil {
			err = c.Apply(ctx, &here)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
