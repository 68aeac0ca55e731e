package farend

import (
	"encoding/binary"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Port is a port of a datapath, as `ovs-dpctl show` tells of it.
type Port struct {
	Datapath string
	Name     string // of the device
	Number   int    // that flows have for it
}

// What golang.org/x/sys/unix does not have of <linux/openvswitch.h>.
const (
	ovsGet     = 3 // OVS_DP_CMD_GET, OVS_VPORT_CMD_GET
	ovsVersion = 2 // OVS_DATAPATH_VERSION

	ovsDatapathName = 1
	ovsPortNumber   = 1
	ovsPortName     = 3

	ovsHeader = 4 // struct ovs_header: the index of the datapath's own device
)

// Switched reports whether a device is one of Open vSwitch's, or a port of it.
func Switched(dev table.Link) bool {
	return dev.Kind == "openvswitch" || dev.MasterKind == "openvswitch"
}

// Ports are those of all datapaths of a namespace, where devices show that there are any: to
// ask for the family loads the module otherwise.
func Ports(ns *nsenter.Namespace, devices []table.Link) (ports []Port, err error) {
	if !slices.ContainsFunc(devices, Switched) {
		return nil, nil
	}
	datapaths, err := ovs(ns, "ovs_datapath", 0)
	for _, d := range datapaths {
		name := ""
		for kind, v := range attr.All(d[nl.SizeofGenlmsg+ovsHeader:]) {
			if kind == ovsDatapathName {
				name = nl.BytesToString(v)
			}
		}
		found, failed := ovs(ns, "ovs_vport", binary.NativeEndian.Uint32(d[nl.SizeofGenlmsg:]))
		if failed != nil {
			return ports, failed
		}
		for _, m := range found {
			ports = append(ports, portOf(name, m))
		}
	}
	return ports, err
}

// portOf reads what ovs_vport_cmd_fill_info() wrote.
func portOf(datapath string, message []byte) Port {
	p := Port{Datapath: datapath}
	for kind, v := range attr.All(message[nl.SizeofGenlmsg+ovsHeader:]) {
		switch {
		case kind == ovsPortNumber && len(v) == 4:
			p.Number = int(binary.NativeEndian.Uint32(v))
		case kind == ovsPortName:
			p.Name = nl.BytesToString(v)
		}
	}
	return p
}

// ovs dumps one of the families of Open vSwitch.
func ovs(ns *nsenter.Namespace, family string, datapath uint32) (found [][]byte, err error) {
	err = ns.Do(func() error {
		f, err := netlink.GenlFamilyGet(family)
		if err != nil {
			return err
		}
		messages, err := attr.Dump(unix.NETLINK_GENERIC, 0, func() *nl.NetlinkRequest {
			request := nl.NewNetlinkRequest(int(f.ID), unix.NLM_F_DUMP)
			request.AddData(&nl.Genlmsg{Command: ovsGet, Version: ovsVersion})
			request.AddRawData(binary.NativeEndian.AppendUint32(nil, datapath))
			return request
		})
		for _, m := range messages {
			if len(m) >= nl.SizeofGenlmsg+ovsHeader {
				found = append(found, m)
			}
		}
		return err
	})
	if err != nil {
		return nil, say.Err("%s: ports of Open vSwitch: %v", "%s：Open vSwitch 的端口：%v", ns.Name(), err)
	}
	return found, nil
}
