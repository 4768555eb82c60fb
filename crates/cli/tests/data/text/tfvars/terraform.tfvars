note = "MRN: 4471902"
