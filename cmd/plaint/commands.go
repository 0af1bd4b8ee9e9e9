package main

import "github.com/spf13/cobra"

// commands lists what the program can do, in the order of the help page.
func (e *env) commands() []*cobra.Command {
	return []*cobra.Command{
		e.demoCmd(), e.ingestCmd(), e.refusedCmd(), e.analyzeCmd(), e.themesCmd(), e.incidentsCmd(), e.ringsCmd(), e.scoreCmd(), e.casesCmd(), e.modelCmd(), e.backtestCmd(), e.reportCmd(), e.serveCmd(), e.sourcesCmd(), e.queryCmd(), e.exportCmd(), e.backupCmd(), e.restoreCmd(), e.doctorCmd(), e.eraseCmd(), e.retentionCmd(), e.simulateCmd(), e.labCmd(), e.profilesCmd(), e.completionCmd(), e.versionCmd(),
	}
}
