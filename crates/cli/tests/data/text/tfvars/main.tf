variable "note" {
  type = string
}

variable "suffix" {
  type = string
}

resource "aws_sqs_queue" "a" {
  name = "visits"
  tags = { Remark = var.note }
}

resource "aws_sqs_queue" "b" {
  name = "visits-${var.suffix}"
}

resource "aws_sqs_queue" "c" {
  name = "plain"
}
