package ui

import "fmt"

// word names a text of the interface. The course's own texts are in chapters.
type word int

const (
	wLesson word = iota
	wLive
	wWire
	wTopology
	wLinks
	wRoutes
	wNeigh
	wSysctl
	wElsewhere
	wEmpty
	wMoreRows
	wNobodySpoke
	wPaused
	wSent
	wNoAnswer
	wNoAnswerYet
	wFailedIn
	wNow
	wYouSaid
	wRight
	wWrong
	wHint
	wSameAs
	wSeen
	wAllKept
	wSomeBroken
	wCheckingPromise
	wDoneElsewhere
	wEnterApplies
	wEnterReads
	wEnterNext
	wEnd
	wNotAsExpected
	wRebuildOffer
	wRebuilt
	wOpenLab
	wWorkEnter
	wWorkApply
	wWorkUndo
	wTooSmall
	wOutline
	wFilter
	wNothingFound
	wHelp
	wHelpSigns
	wHelpMarks
	wDone
	wKeyEnterApply
	wKeyEnterNext
	wKeyEnterRead
	wKeyPredict
	wKeyUndo
	wKeyBack
	wKeyHint
	wKeyTab
	wKeyNetns
	wKeyGo
	wKeyRebuild
	wKeyLang
	wKeyLangASCII
	wKeyHelp
	wKeySuspend
	wKeyQuit
	wKeyScroll
	wKeyClose
	wKeyJump
	wKeyWhy
	wKeyWhyClose
	wWhy
	wWhyLooking
	wWhyNoPing
	wWhyFailed
	wWhyNoName
	wWhyDisagree
	wWhySigns
	wDiesRequest
	wDiesReply
	wFaultIn
	wUnknownFrom
	wPasses
	wThereIs
	wNotChecked
	wDoneByYou
	wTypeBelow
	wEscEnterNext
	wTyping
	wTypingIntro
	wTypedRuns
	wTypedStopped
	wTypedClosed
	wTypedTime
	wTypedExit
	wTypedCut
	wTypedOwnShell
	wMoreOffers
	wShellHello
	wShellFailed
	wKeyType
	wKeyShell
	wKeyStop
	wKeyComplete
	wKeyHistory
	wKeyClear
	wSummary
	wKeySummary
	wKeyReset
	wExercises
	wSeed
	wKeyCheck
	wKeyAnew
	wKeyNextUnsolved
	wGoals
	wGuards
	wSolved
	wBetter
	wBest
	wSources
	wAllSolved
	wWhyCosts
	wChecking
	wHinting
	wHolds
	wEnterChecks
	wByHand
	wChecksItself
	wordCount
)

// langs are the languages of the interface, in the order of the table below.
var langs = []string{"en", "zh"}

// words is every text of the interface in every language.
var words = [wordCount][2]string{
	wLesson:          {"lesson", "课文"},
	wLive:            {"live", "实况"},
	wWire:            {"wire", "线路"},
	wTopology:        {"topology", "拓扑"},
	wLinks:           {"link", "网卡"},
	wRoutes:          {"route", "路由"},
	wNeigh:           {"neigh", "邻居"},
	wSysctl:          {"sysctl", "内核"},
	wElsewhere:       {"other", "别处"},
	wEmpty:           {"empty", "空"},
	wMoreRows:        {"%d more", "还有 %d 行"},
	wNobodySpoke:     {"no ARP or ICMP frame yet", "还没有 ARP 或 ICMP 帧"},
	wPaused:          {"paused", "已暂停滚动"},
	wSent:            {"%d sent, %d replied", "发出 %d，应答 %d"},
	wNoAnswer:        {"silence: icmp_seq=%d was sent, nothing came back", "无声：icmp_seq=%d 已发出，没有任何回音"},
	wNoAnswerYet:     {"PING %s: no answer yet", "PING %s：尚无回音"},
	wFailedIn:        {"FAILED in %.1fs", "%.1f 秒后 FAILED"},
	wNow:             {"now: %s ping %s: %s", "现在：%s ping %s：%s"},
	wYouSaid:         {"you said: %s", "你的预测：%s"},
	wRight:           {"predicted right: %s", "预测正确：%s"},
	wWrong:           {"it is: %s", "正确答案：%s"},
	wHint:            {"hint %d/%d", "提示 %d/%d"},
	wSameAs:          {"same as", "等同于"},
	wSeen:            {"seen", "实见"},
	wAllKept:         {"%d of %d as promised", "%d/%d 项与预告相符"},
	wSomeBroken:      {"only %d of %d as promised", "只有 %d/%d 项与预告相符"},
	wCheckingPromise: {"checking what the step promises", "正在核对本步的预告"},
	wDoneElsewhere:   {"done by another hand", "已由别的途径完成"},
	wEnterApplies:    {"enter runs it in the lab", "按 enter 在实验网络中执行"},
	wEnterReads:      {"enter reads on", "按 enter 继续阅读"},
	wEnterNext:       {"enter: %s", "按 enter：%s"},
	wEnd:             {"That was the last step of the course.", "课程的最后一步到此完成。"},
	wNotAsExpected:   {"the lab is not as this step expects", "实验网络与本步的前提不符"},
	wRebuildOffer:    {"r rebuilds it", "按 r 重建"},
	wRebuilt:         {"the lab was rebuilt", "实验网络已重建"},
	wOpenLab:         {"no user namespace: what you type is run by this machine's root, over its files and disks too", "没有用户命名空间：你输入的命令以本机 root 身份运行，也能改动本机的文件和磁盘"},
	wWorkEnter:       {"building the lab", "正在搭建实验网络"},
	wWorkApply:       {"applying", "正在执行"},
	wWorkUndo:        {"undoing", "正在撤销"},
	wTooSmall:        {"terminal too small: needs %dx%d, is %dx%d", "终端太小：需要 %dx%d，现在 %dx%d"},
	wOutline:         {"chapters and steps", "章节与步骤"},
	wFilter:          {"type to filter", "输入文字筛选"},
	wNothingFound:    {"nothing matches", "没有匹配的步骤"},
	wHelp:            {"all keys", "全部按键"},
	wHelpSigns:       {"%s holds   %s does not   %s look here   %s asked, no answer yet", "%s 成立   %s 不成立   %s 注意   %s 已询问，尚无回答"},
	wHelpMarks:       {"in this step: %s came   %s went   %s changed", "本步中：%s 新增   %s 消失   %s 改变"},
	wDone:            {"%d/%d done", "已完成 %d/%d"},
	wKeyEnterApply:   {"run", "执行"},
	wKeyEnterNext:    {"next step", "下一步"},
	wKeyEnterRead:    {"read on", "继续阅读"},
	wKeyPredict:      {"predict", "预测"},
	wKeyUndo:         {"undo", "撤销"},
	wKeyBack:         {"back", "上一步"},
	wKeyHint:         {"hint", "提示"},
	wKeyTab:          {"pane", "窗格"},
	wKeyNetns:        {"netns", "命名空间"},
	wKeyGo:           {"go to", "跳转"},
	wKeyRebuild:      {"rebuild lab", "重建"},
	wKeyLang:         {"中文", "English"},
	wKeyLangASCII:    {"Chinese", "English"},
	wKeyHelp:         {"keys", "按键"},
	wKeySuspend:      {"suspend", "挂起"},
	wKeyQuit:         {"quit", "退出"},
	wKeyScroll:       {"scroll", "滚动"},
	wKeyClose:        {"close", "关闭"},
	wKeyJump:         {"go there", "跳到此处"},
	wKeyWhy:          {"why?", "为什么"},
	wKeyWhyClose:     {"close why", "关闭解释"},
	wWhy:             {"why?", "为什么"},
	wWhyLooking:      {"following the packet", "正在沿途查看"},
	wWhyNoPing:       {"no ping runs in this step", "这一步没有运行 ping"},
	wWhyFailed:       {"cannot look: %s", "无法查看：%s"},
	wWhyNoName:       {"no packet is sent, since the name has no address: %s", "一个包也没有发出，因为名字没有地址：%s"},
	wWhyDisagree:     {"the prediction and the ping disagree: do not trust this answer", "预测与 ping 的结果不一致：不要相信这个解释"},
	wWhySigns:        {"predicted, then seen on the wire", "先是预测，后是线路上所见"},
	wDiesRequest:     {"request dies at %s", "请求消失在 %s"},
	wDiesReply:       {"reply dies at %s", "应答消失在 %s"},
	wFaultIn:         {", fault in %s", "，故障在 %s"},
	wUnknownFrom:     {"not known from %s on", "从 %s 起无法判断"},
	wSummary:         {"your progress", "学习进度"},
	wKeySummary:      {"progress", "进度"},
	wKeyReset:        {"reset", "清除"},
	wPasses:          {"request and reply pass", "请求和应答都能通过"},
	wThereIs:         {"there is: %s", "现在是：%s"},
	wNotChecked:      {"could not be checked: %s", "无法检查：%s"},
	wDoneByYou:       {"done by your own hand", "由你亲手完成"},
	wTypeBelow:       {"type it below, or do the same in your own way", "在下面输入它，或用自己的办法做到同样的事"},
	wEscEnterNext:    {"esc, enter: %s", "按 esc 再按 enter：%s"},
	wTyping:          {"command line", "命令行"},
	wTypingIntro:     {"The prompt names the namespace that a command runs in. Each line has a shell of its own, which reads no input.", "提示符写明命令在哪个命名空间中运行。每一行都由单独的 shell 执行，没有标准输入。"},
	wTypedRuns:       {"%d s, ctrl+c stops it", "%d 秒，ctrl+c 停止"},
	wTypedStopped:    {"stopped", "已停止"},
	wTypedClosed:     {"stopped: its pane was closed", "已停止：窗格已关闭"},
	wTypedTime:       {"stopped after %d s", "运行满 %d 秒，已停止"},
	wTypedExit:       {"exit status %d", "退出状态 %d"},
	wTypedCut:        {"earlier lines are gone: the last %d, or %d KiB, are kept", "更早的输出已丢弃：只保留最后 %d 行或 %d KiB"},
	wTypedOwnShell:   {"%s ends with its line: each has a shell of its own; s (after esc) opens one that stays", "%s 只对这一行有效：每一行都由单独的 shell 执行；先按 esc 再按 s，可打开一直保留的 shell"},
	wMoreOffers:      {"%d in all: type more of it", "共 %d 个：请再输入几个字符"},
	wShellHello:      {"Your shell in %s, a namespace of the lab. exit or ctrl+d brings you back to the course.", "这是实验网络中命名空间 %s 里的 shell。输入 exit 或按 ctrl+d 回到课程。"},
	wShellFailed:     {"no shell: %s", "无法打开 shell：%s"},
	wKeyType:         {"command", "命令行"},
	wKeyShell:        {"shell", "shell"},
	wKeyStop:         {"stop", "停止"},
	wKeyComplete:     {"complete", "补全"},
	wKeyHistory:      {"history", "历史"},
	wKeyClear:        {"clear", "清屏"},
	wExercises:       {"exercises", "练习"},
	wSeed:            {"seed %d", "种子 %d"},
	wKeyCheck:        {"check", "检查"},
	wKeyAnew:         {"start anew", "重来"},
	wKeyNextUnsolved: {"next exercise", "下一题"},
	wGoals:           {"what must work", "必须做到"},
	wGuards:          {"what must stay as it was", "必须保持原样"},
	wSolved:          {"Solved.", "已解决。"},
	wBetter:          {"better than your best so far: %s", "超过了以前的最好成绩：%s"},
	wBest:            {"your best: %s", "最好成绩：%s"},
	wSources:         {"where it comes from", "出处"},
	wAllSolved:       {"all exercises are solved", "所有练习都已解决"},
	wWhyCosts:        {"why? names the fault, and the score says so: w again opens it", "“为什么”会直接指出故障，并计入成绩：再按一次 w 打开"},
	wChecking:        {"checking: pings may take some seconds", "正在检查：ping 可能要等几秒"},
	wHinting:         {"looking at what the kernel has now", "正在查看内核现在的状态"},
	wHolds:           {"%d of %d hold", "%d/%d 项成立"},
	wEnterChecks:     {"enter checks again", "按 enter 再次检查"},
	wChecksItself:    {"what you change is checked as soon as you pause", "停手片刻，改动就会自动检查"},
	wByHand:          {"repair it with : or s; enter checks", "用 : 或 s 动手修复；按 enter 检查"},
}

// say is the text of w in the learner's language.
func (m *Model) say(w word, args ...any) string {
	text := words[w][0]
	if m.lang == langs[1] {
		text = words[w][1]
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}
