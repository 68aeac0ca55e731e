package netfile

import (
	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter/nfnl"
)

func inNetworkOrder(id uint16, name string) field { return field{id: id, name: name, kind: network} }

var tableRow = &schema{closed: true, fields: []field{{id: unix.NFTA_TABLE_NAME, name: "table", kind: label}, inNetworkOrder(unix.NFTA_TABLE_FLAGS, "flags")}}

var chainRow = &schema{closed: true, fields: []field{
	{id: unix.NFTA_CHAIN_TABLE, name: "table", kind: label}, {id: unix.NFTA_CHAIN_NAME, name: "chain", kind: label}, inNetworkOrder(unix.NFTA_CHAIN_HANDLE, "handle"),
	{id: unix.NFTA_CHAIN_HOOK, name: "hook", kind: nest, in: hookRow},
	inNetworkOrder(unix.NFTA_CHAIN_POLICY, "policy"), {id: unix.NFTA_CHAIN_TYPE, name: "type", kind: word},
}}

var hookRow = &schema{closed: true, fields: []field{
	inNetworkOrder(1, "num"), inNetworkOrder(2, "priority"), {id: 3, name: "dev", kind: dev}, // NFTA_HOOK_*
	{id: 4, name: "devs", kind: nest, in: &schema{closed: true, fields: []field{{id: 1, name: "dev", kind: dev}}}},
}}

var objectRow = &schema{closed: true, fields: []field{
	{id: unix.NFTA_OBJ_TABLE, name: "table", kind: label}, {id: unix.NFTA_OBJ_NAME, name: "object", kind: label},
	inNetworkOrder(unix.NFTA_OBJ_TYPE, "type"), {id: unix.NFTA_OBJ_DATA, name: "data", kind: nest, in: &schema{}},
	inNetworkOrder(nfnl.ObjectHandle, "handle"),
}}

var flowTableRow = &schema{closed: true, fields: []field{ // NFTA_FLOWTABLE_*
	{id: 1, name: "table", kind: label}, {id: 2, name: "flowtable", kind: label}, {id: 3, name: "hook", kind: nest, in: hookRow}, inNetworkOrder(7, "flags"),
	inNetworkOrder(nfnl.FlowTableHandle, "handle"),
}}

var setRow = &schema{closed: true, fields: []field{
	{id: unix.NFTA_SET_TABLE, name: "table", kind: label}, {id: unix.NFTA_SET_NAME, name: "set", kind: label}, inNetworkOrder(unix.NFTA_SET_FLAGS, "flags"),
	inNetworkOrder(unix.NFTA_SET_KEY_TYPE, "key-type"), inNetworkOrder(unix.NFTA_SET_KEY_LEN, "key-len"), inNetworkOrder(unix.NFTA_SET_DATA_TYPE, "data-type"),
	inNetworkOrder(unix.NFTA_SET_DATA_LEN, "data-len"), inNetworkOrder(unix.NFTA_SET_POLICY, "policy"), {id: unix.NFTA_SET_DESC, name: "desc", kind: blob},
	inNetworkOrder(unix.NFTA_SET_TIMEOUT, "timeout"), inNetworkOrder(unix.NFTA_SET_GC_INTERVAL, "gc"), {id: unix.NFTA_SET_USERDATA, name: "note", kind: blob},
	inNetworkOrder(unix.NFTA_SET_OBJ_TYPE, "object-type"), inNetworkOrder(nfnl.SetHandle, "handle"), {id: 17, name: "expr", kind: nest, in: expression}, {id: 18, name: "exprs", kind: nest, in: expressions},
}}

// data is NFTA_DATA_*: a value, or a verdict.
var data = &schema{closed: true, fields: []field{
	{id: 1, name: "value", kind: raw},
	{id: 2, name: "verdict", kind: nest, in: &schema{closed: true, fields: []field{inNetworkOrder(1, "code"), {id: 2, name: "chain", kind: label}}}},
}}

var elementsRow = &schema{closed: true, fields: []field{
	{id: unix.NFTA_SET_ELEM_LIST_TABLE, name: "table", kind: label}, {id: unix.NFTA_SET_ELEM_LIST_SET, name: "set", kind: label},
	{id: unix.NFTA_SET_ELEM_LIST_ELEMENTS, name: "elements", kind: nest, in: &schema{closed: true, fields: []field{
		{id: 1, name: "element", kind: nest, in: &schema{closed: true, fields: []field{
			{id: unix.NFTA_SET_ELEM_KEY, name: "key", kind: nest, in: data}, {id: unix.NFTA_SET_ELEM_DATA, name: "data", kind: nest, in: data},
			inNetworkOrder(unix.NFTA_SET_ELEM_FLAGS, "flags"), inNetworkOrder(unix.NFTA_SET_ELEM_TIMEOUT, "timeout"),
			{id: unix.NFTA_SET_ELEM_EXPR, name: "expr", kind: nest, in: expression}, {id: 9, name: "object", kind: label}, // NFTA_SET_ELEM_OBJREF
			{id: 10, name: "key-end", kind: nest, in: data}, {id: 11, name: "exprs", kind: nest, in: expressions}, // NFTA_SET_ELEM_KEY_END, EXPRESSIONS
		}}},
	}}},
}}

var filterRule = &schema{closed: true, fields: []field{
	{id: unix.NFTA_RULE_TABLE, name: "table", kind: label}, {id: unix.NFTA_RULE_CHAIN, name: "chain", kind: label},
	{id: unix.NFTA_RULE_EXPRESSIONS, name: "do", kind: nest, in: expressions}, {id: unix.NFTA_RULE_USERDATA, name: "note", kind: raw},
	inNetworkOrder(unix.NFTA_RULE_HANDLE, "handle"),
}}

var expressions = &schema{closed: true, fields: []field{{id: 1, name: "expr", kind: nest, in: expression}}} // NFTA_LIST_ELEM

var extension = &schema{closed: true, fields: []field{{id: 1, name: "name", kind: word}, inNetworkOrder(2, "rev"), {id: 3, name: "info", kind: raw}}} // NFTA_MATCH_*, NFTA_TARGET_*

// expression is NFTA_EXPR_*. Counters begin at nothing in a copy.
var expression = &schema{closed: true, fields: []field{
	{id: unix.NFTA_EXPR_NAME, name: "name", kind: word},
	{id: unix.NFTA_EXPR_DATA, name: "of", kind: nest, by: map[string]*schema{
		"payload": {fields: []field{inNetworkOrder(1, "dreg"), inNetworkOrder(2, "base"), inNetworkOrder(3, "offset"), inNetworkOrder(4, "len"), inNetworkOrder(5, "sreg")}},
		"meta":    {fields: []field{inNetworkOrder(1, "dreg"), inNetworkOrder(2, "key"), inNetworkOrder(3, "sreg")}},
		"cmp":     {fields: []field{inNetworkOrder(1, "sreg"), inNetworkOrder(2, "op"), {id: 3, name: "data", kind: nest, in: data}}},
		"bitwise": {fields: []field{inNetworkOrder(1, "sreg"), inNetworkOrder(2, "dreg"), inNetworkOrder(3, "len"), {id: 4, name: "mask", kind: nest, in: data},
			{id: 5, name: "xor", kind: nest, in: data}, inNetworkOrder(6, "op"), {id: 7, name: "data", kind: nest, in: data}}},
		"immediate": {fields: []field{inNetworkOrder(1, "dreg"), {id: 2, name: "data", kind: nest, in: data}}},
		"lookup":    {closed: true, fields: []field{{id: 1, name: "set", kind: label}, inNetworkOrder(2, "sreg"), inNetworkOrder(3, "dreg"), inNetworkOrder(5, "flags")}},
		"ct":        {fields: []field{inNetworkOrder(1, "dreg"), inNetworkOrder(2, "key"), {id: 3, name: "direction", kind: number}, inNetworkOrder(4, "sreg")}},
		"nat": {fields: []field{inNetworkOrder(1, "type"), inNetworkOrder(2, "family"), inNetworkOrder(3, "addr-min"), inNetworkOrder(4, "addr-max"),
			inNetworkOrder(5, "port-min"), inNetworkOrder(6, "port-max"), inNetworkOrder(7, "flags")}},
		"masq":    {fields: []field{inNetworkOrder(1, "flags"), inNetworkOrder(2, "port-min"), inNetworkOrder(3, "port-max")}},
		"redir":   {fields: []field{inNetworkOrder(1, "port-min"), inNetworkOrder(2, "port-max"), inNetworkOrder(3, "flags")}},
		"reject":  {fields: []field{inNetworkOrder(1, "type"), {id: 2, name: "code", kind: number}}},
		"limit":   {fields: []field{inNetworkOrder(1, "rate"), inNetworkOrder(2, "unit"), inNetworkOrder(3, "burst"), inNetworkOrder(4, "type"), inNetworkOrder(5, "flags")}},
		"numgen":  {fields: []field{inNetworkOrder(1, "dreg"), inNetworkOrder(2, "modulus"), inNetworkOrder(3, "type"), inNetworkOrder(4, "offset")}},
		"fib":     {fields: []field{inNetworkOrder(1, "dreg"), inNetworkOrder(2, "result"), inNetworkOrder(3, "flags")}},
		"range":   {fields: []field{inNetworkOrder(1, "sreg"), inNetworkOrder(2, "op"), {id: 3, name: "from", kind: nest, in: data}, {id: 4, name: "to", kind: nest, in: data}}},
		"counter": {closed: true},
		"match":   extension, "target": extension,
		"": {},
	}},
}}

func init() {
	// An expression may have others in it, which Go does not let it say of itself.
	e := expression.fields[1].by
	e["dynset"] = &schema{fields: []field{{id: 1, name: "set", kind: label}, inNetworkOrder(3, "op"), inNetworkOrder(4, "sreg-key"), inNetworkOrder(5, "sreg-data"),
		inNetworkOrder(6, "timeout"), {id: 7, name: "expr", kind: nest, in: expression}, inNetworkOrder(9, "flags"), {id: 10, name: "exprs", kind: nest, in: expressions}}}
}
