# MRN 4471902 was the pilot
variable "patient_mrn" {
  description = "MRN such as 4471904"
  default     = "4471905"
}
/* block
   SSN 519-43-8812 */
locals {
  hook = "https://clinic:s3cretpw7@fax.hokuto.example/in"
  tags = { MRN = "4471906" }
}
resource "aws_s3_bucket" "b" {
  bucket = "mrn-4471907"
  tags   = local.tags
}
output "note" { 
  value = "MRN 4471908"
}
