// Environment variables and the PowerShell engine's process-wide state: one test class at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
