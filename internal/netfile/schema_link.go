package netfile

import "golang.org/x/sys/unix"

// numbers are attributes that are all numbers, told by their numbers alone.
func numbers(ids ...uint16) (all []field) {
	for _, id := range ids {
		all = append(all, field{id: id, kind: number})
	}
	return all
}

var linkRow = &schema{
	head: []part{{"family", 1}, {"", 1}, {"type", 2}, {"index", 4}, {"flags", 4}, {"", 4}},
	fields: []field{
		{id: unix.IFLA_IFNAME, name: "name", kind: dev}, {id: unix.IFLA_ADDRESS, name: "lladdr", kind: mac}, {id: unix.IFLA_MTU, name: "mtu", kind: number},
		{id: unix.IFLA_TXQLEN, name: "qlen", kind: number}, {id: unix.IFLA_GROUP, name: "group", kind: number}, {id: unix.IFLA_LINK, name: "link", kind: number},
		{id: unix.IFLA_MASTER, name: "master", kind: number}, {id: unix.IFLA_PROTO_DOWN, name: "protodown", kind: number, sparse: true},
		{id: unix.IFLA_LINKINFO, name: "info", kind: nest, in: linkInfo},
		{id: unix.IFLA_AF_SPEC, name: "families", kind: nest, in: &schema{closed: true, fields: []field{
			{id: unix.AF_INET, name: "inet", kind: nest, in: &schema{closed: true, fields: []field{{id: unix.IFLA_INET_CONF, name: "conf", kind: array, in: devconf}}}},
			{id: unix.AF_INET6, name: "inet6", kind: nest, in: &schema{closed: true, fields: []field{
				{id: unix.IFLA_INET6_CONF, name: "conf", kind: array, in: devconf6}, {id: unix.IFLA_INET6_ADDR_GEN_MODE, name: "addr-gen-mode", kind: number},
			}}},
		}}},
	},
	closed: true,
}

var linkInfo = &schema{closed: true, fields: []field{
	{id: unix.IFLA_INFO_KIND, name: "kind", kind: word},
	{id: unix.IFLA_INFO_DATA, name: "data", kind: nest, by: map[string]*schema{
		"bridge": {closed: true, fields: append([]field{
			{id: unix.IFLA_BR_STP_STATE, name: "stp", kind: number}, {id: unix.IFLA_BR_FORWARD_DELAY, name: "forward-delay", kind: number},
			{id: unix.IFLA_BR_AGEING_TIME, name: "ageing", kind: number}, {id: unix.IFLA_BR_PRIORITY, name: "priority", kind: number},
			{id: unix.IFLA_BR_VLAN_FILTERING, name: "vlan-filtering", kind: number}, {id: unix.IFLA_BR_VLAN_PROTOCOL, name: "vlan-protocol", kind: network},
			{id: unix.IFLA_BR_VLAN_DEFAULT_PVID, name: "default-pvid", kind: number},
			{id: unix.IFLA_BR_NF_CALL_IPTABLES, name: "call-iptables", kind: number},
			{id: unix.IFLA_BR_FDB_MAX_LEARNED, name: "fdb-max-learned", kind: number}, {id: unix.IFLA_BR_MULTI_BOOLOPT, name: "options", kind: blob},
		}, numbers(unix.IFLA_BR_HELLO_TIME, unix.IFLA_BR_MAX_AGE, unix.IFLA_BR_GROUP_FWD_MASK, unix.IFLA_BR_MCAST_SNOOPING, unix.IFLA_BR_MCAST_QUERIER, unix.IFLA_BR_MCAST_ROUTER,
			unix.IFLA_BR_MCAST_QUERY_USE_IFADDR, unix.IFLA_BR_MCAST_HASH_MAX, unix.IFLA_BR_MCAST_LAST_MEMBER_CNT, unix.IFLA_BR_MCAST_STARTUP_QUERY_CNT,
			unix.IFLA_BR_MCAST_LAST_MEMBER_INTVL, unix.IFLA_BR_MCAST_MEMBERSHIP_INTVL, unix.IFLA_BR_MCAST_QUERIER_INTVL, unix.IFLA_BR_MCAST_QUERY_INTVL,
			unix.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, unix.IFLA_BR_MCAST_STARTUP_QUERY_INTVL, unix.IFLA_BR_MCAST_IGMP_VERSION, unix.IFLA_BR_MCAST_MLD_VERSION,
			unix.IFLA_BR_NF_CALL_IP6TABLES, unix.IFLA_BR_NF_CALL_ARPTABLES)...)},
		"vxlan": {closed: true, fields: append([]field{
			{id: unix.IFLA_VXLAN_ID, name: "id", kind: number}, {id: unix.IFLA_VXLAN_GROUP, name: "group", kind: addr}, {id: unix.IFLA_VXLAN_LOCAL, name: "local", kind: addr},
			{id: unix.IFLA_VXLAN_LINK, name: "link", kind: number}, {id: unix.IFLA_VXLAN_PORT, name: "port", kind: network}, {id: unix.IFLA_VXLAN_LEARNING, name: "learning", kind: number},
			{id: unix.IFLA_VXLAN_TTL, name: "ttl", kind: number}, {id: unix.IFLA_VXLAN_PORT_RANGE, name: "ports", kind: blob},
			{id: unix.IFLA_VXLAN_GROUP6, name: "group6", kind: addr}, {id: unix.IFLA_VXLAN_LOCAL6, name: "local6", kind: addr},
			{id: unix.IFLA_VXLAN_LABEL, name: "flow-label", kind: network},
			{id: unix.IFLA_VXLAN_GBP, name: "gbp", kind: flag}, {id: unix.IFLA_VXLAN_GPE, name: "gpe", kind: flag},
		}, numbers(unix.IFLA_VXLAN_TOS, unix.IFLA_VXLAN_DF, unix.IFLA_VXLAN_AGEING, unix.IFLA_VXLAN_PROXY, unix.IFLA_VXLAN_RSC, unix.IFLA_VXLAN_COLLECT_METADATA,
			unix.IFLA_VXLAN_LIMIT, unix.IFLA_VXLAN_L2MISS, unix.IFLA_VXLAN_L3MISS, unix.IFLA_VXLAN_LOCALBYPASS,
			unix.IFLA_VXLAN_UDP_CSUM, unix.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, unix.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, unix.IFLA_VXLAN_TTL_INHERIT)...)},
		"vlan": {closed: true, fields: []field{{id: unix.IFLA_VLAN_ID, name: "id", kind: number}, {id: unix.IFLA_VLAN_FLAGS, name: "flags", kind: blob},
			{id: unix.IFLA_VLAN_PROTOCOL, name: "protocol", kind: network}, {id: unix.IFLA_VLAN_EGRESS_QOS, name: "egress", kind: blob}, {id: unix.IFLA_VLAN_INGRESS_QOS, name: "ingress", kind: blob}}},
		"macvlan": macvlan, "macvtap": macvlan,
		"ipvlan": {closed: true, fields: []field{{id: unix.IFLA_IPVLAN_MODE, name: "mode", kind: number}, {id: unix.IFLA_IPVLAN_FLAGS, name: "flags", kind: number}}},
		"vrf":    {closed: true, fields: []field{{id: unix.IFLA_VRF_TABLE, name: "table", kind: number}}},
		"bond": {closed: true, fields: []field{{id: unix.IFLA_BOND_MODE, name: "mode", kind: number}, {id: unix.IFLA_BOND_MIIMON, name: "miimon", kind: number},
			{id: unix.IFLA_BOND_XMIT_HASH_POLICY, name: "hash", kind: number}}},
		"": {closed: true}, // of others nothing is handed back
	}},
	{id: unix.IFLA_INFO_SLAVE_KIND, name: "port-kind", kind: word},
	{id: unix.IFLA_INFO_SLAVE_DATA, name: "port", kind: nest, by: map[string]*schema{
		"bridge": {closed: true, fields: append([]field{
			{id: unix.IFLA_BRPORT_STATE, name: "state", kind: number}, {id: unix.IFLA_BRPORT_MODE, name: "hairpin", kind: number},
			{id: unix.IFLA_BRPORT_LEARNING, name: "learning", kind: number}, {id: unix.IFLA_BRPORT_UNICAST_FLOOD, name: "flood", kind: number},
			{id: unix.IFLA_BRPORT_ISOLATED, name: "isolated", kind: number}, {id: unix.IFLA_BRPORT_LOCKED, name: "locked", kind: number},
			{id: unix.IFLA_BRPORT_NEIGH_SUPPRESS, name: "neigh-suppress", kind: number},
		}, numbers(unix.IFLA_BRPORT_PRIORITY, unix.IFLA_BRPORT_COST, unix.IFLA_BRPORT_GUARD, unix.IFLA_BRPORT_PROTECT, unix.IFLA_BRPORT_PROXYARP,
			unix.IFLA_BRPORT_PROXYARP_WIFI, unix.IFLA_BRPORT_MCAST_FLOOD, unix.IFLA_BRPORT_BCAST_FLOOD, unix.IFLA_BRPORT_GROUP_FWD_MASK,
			unix.IFLA_BRPORT_VLAN_TUNNEL, unix.IFLA_BRPORT_MCAST_TO_UCAST, unix.IFLA_BRPORT_MULTICAST_ROUTER, unix.IFLA_BRPORT_FAST_LEAVE,
			unix.IFLA_BRPORT_MAB, unix.IFLA_BRPORT_NEIGH_VLAN_SUPPRESS, unix.IFLA_BRPORT_MCAST_MAX_GROUPS)...)},
		"": {closed: true},
	}},
}}

var macvlan = &schema{closed: true, fields: append([]field{
	{id: unix.IFLA_MACVLAN_MODE, name: "mode", kind: number}, {id: unix.IFLA_MACVLAN_FLAGS, name: "flags", kind: number},
	{id: unix.IFLA_MACVLAN_MACADDR_DATA, name: "senders", kind: nest, in: &schema{closed: true, fields: []field{{id: unix.IFLA_MACVLAN_MACADDR, name: "lladdr", kind: mac}}}},
}, numbers(unix.IFLA_MACVLAN_BC_QUEUE_LEN, unix.IFLA_MACVLAN_BC_CUTOFF)...)}

// vlanRow are the VLANs of a bridge or of its port: struct bridge_vlan_info each.
var vlanRow = &schema{closed: true, fields: []field{{id: 2, name: "vlan", kind: blob}}}

// devconf are the settings net.ipv4.conf.DEV by their places (<linux/ip.h>).
var devconf = &schema{closed: true, fields: devconfFields("forwarding", "mc_forwarding", "proxy_arp", "accept_redirects", "secure_redirects", "send_redirects",
	"shared_media", "rp_filter", "accept_source_route", "bootp_relay", "log_martians", "tag", "arp_filter", "medium_id", "disable_xfrm", "disable_policy",
	"force_igmp_version", "arp_announce", "arp_ignore", "promote_secondaries", "arp_accept", "arp_notify", "accept_local", "src_valid_mark",
	"proxy_arp_pvlan", "route_localnet", "igmpv2_unsolicited_report_interval", "igmpv3_unsolicited_report_interval", "ignore_routes_with_linkdown",
	"drop_unicast_in_l2_multicast", "drop_gratuitous_arp", "bc_forwarding", "arp_evict_nocarrier")}

// devconf6 are those of the settings net.ipv6.conf.DEV that a copy takes, by their places
// (DEVCONF_* in <linux/ipv6.h>).
var devconf6 = &schema{closed: true, fields: []field{
	{id: 1, name: "forwarding", kind: number}, {id: 2, name: "hop_limit", kind: number}, {id: 3, name: "mtu", kind: number}, {id: 4, name: "accept_ra", kind: number},
	{id: 5, name: "accept_redirects", kind: number}, {id: 23, name: "proxy_ndp", kind: number}, {id: 25, name: "accept_source_route", kind: number},
	{id: 27, name: "disable_ipv6", kind: number}, {id: 30, name: "ndisc_notify", kind: number}, {id: 33, name: "suppress_frag_ndisc", kind: number},
	{id: 38, name: "use_oif_addrs_only", kind: number}, {id: 40, name: "ignore_routes_with_linkdown", kind: number},
	{id: 41, name: "drop_unicast_in_l2_multicast", kind: number}, {id: 42, name: "drop_unsolicited_na", kind: number}, {id: 43, name: "keep_addr_on_down", kind: number},
	{id: 45, name: "seg6_enabled", kind: number}, {id: 49, name: "disable_policy", kind: number}, {id: 60, name: "force_forwarding", kind: number},
}}

func devconfFields(names ...string) (all []field) {
	for i, name := range names {
		all = append(all, field{id: uint16(i + 1), name: name, kind: number})
	}
	return all
}
